#include "rules/end_points.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>

#include <arpa/inet.h>

#include <fmt/format.h>

namespace rules {
namespace {

using Family = Network::Family;

constexpr const char* forms = "write ADDRESS, ADDRESS:PORTS, NETWORK/BITS or *:PORTS, such as 192.0.2.1:443, "
                              "10.0.0.0/8:443,9000-9100 or [2001:db8::/32]:443";
constexpr unsigned mapped_bits = 96; // of the prefix ::ffff:0:0/96

unsigned bits_of(Family family) {
    return family == Family::v4 ? 32 : 128;
}

SubjectError no_address(std::string_view text) {
    return {fmt::format("'{}' is neither an address nor a network", base::printable(text)), forms};
}

/// Digits and nothing else: a sign has no place in a port or prefix.
std::optional<std::uint16_t> number(std::string_view text) {
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits ? base::parse_port(text) : std::nullopt;
}

/// One address; `prefix` is all its bits, as it was written: 128 for a v4-mapped one.
std::optional<Network> parse_address(std::string_view text) {
    Network one;
    one.family = text.find(':') == std::string_view::npos ? Family::v4 : Family::v6;
    one.prefix = bits_of(one.family);
    const bool ends_early = text.find('\0') != std::string_view::npos; // for inet_pton
    const int family = one.family == Family::v4 ? AF_INET : AF_INET6;
    if (ends_early || ::inet_pton(family, std::string(text).c_str(), one.bytes.data()) != 1) {
        return std::nullopt;
    }
    return one;
}

Network without_mapping(Network network) {
    constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (network.family == Family::v6 && network.prefix >= mapped_bits &&
        std::equal(mapped.begin(), mapped.end(), network.bytes.begin())) {
        std::copy(network.bytes.begin() + 12, network.bytes.end(), network.bytes.begin());
        std::fill(network.bytes.begin() + 4, network.bytes.end(), std::uint8_t{0});
        network.family = Family::v4;
        network.prefix -= mapped_bits;
    }
    return network;
}

/// The same with zeros behind the prefix.
Network masked(Network network) {
    for (unsigned bit = network.prefix; bit < bits_of(network.family); ++bit) {
        network.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    }
    return network;
}

struct Parts {
    std::string_view host;
    std::optional<std::string_view> ports;
};

/// [ADDRESS]:PORTS. Brackets are there to tell the ports of an IPv6 address, and for nothing else.
std::optional<Parts> split_brackets(std::string_view text) {
    const std::size_t end = text.find("]:");
    const std::string_view host = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
    if (host.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    return Parts{host, text.substr(end + 2)};
}

/// Where the address ends and the ports begin; none if its brackets are wrong.
std::optional<Parts> split(std::string_view text) {
    if (text.starts_with('[')) {
        return split_brackets(text);
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
        return Parts{text, std::nullopt}; // two colons: an IPv6 address
    }
    return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

base::Result<PortSpan, SubjectError> parse_span(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = number(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
    if (!first || !last || *first == 0 || *last == 0) {
        return SubjectError{fmt::format("'{}' is not a port", base::printable(text)),
                            "write numbers from 1 to 65535 without spaces: 443, 443,8443 or 9000-9100"};
    }
    if (*first > *last) {
        return SubjectError{fmt::format("'{}' are no ports: the first is greater than the last", text),
                            fmt::format("write {}-{}", *last, *first)};
    }
    return PortSpan{*first, *last};
}

base::Result<std::vector<PortSpan>, SubjectError> parse_ports(std::string_view text) {
    std::vector<PortSpan> spans;
    for (const std::string_view part : base::split(text, ',')) {
        const auto span = parse_span(part);
        if (!span) {
            return span.error();
        }
        spans.push_back(*span);
    }
    return spans;
}

/// ADDRESS or ADDRESS/BITS, a part of `whole`. Bits behind the prefix are left as they are.
base::Result<Network, SubjectError> parse_network(std::string_view text, std::string_view whole) {
    const std::size_t slash = text.find('/');
    auto network = parse_address(text.substr(0, slash));
    if (!network) {
        return no_address(whole);
    }
    if (slash != std::string_view::npos) {
        const auto bits = number(text.substr(slash + 1));
        if (!bits || *bits > network->prefix) {
            return SubjectError{
                fmt::format("'{}' is not the length of a prefix", base::printable(text.substr(slash))),
                fmt::format("write /0 to /{} behind the address", network->prefix)};
        }
        network->prefix = *bits;
    }
    return without_mapping(*network);
}

SubjectError host_bits(std::string_view text, const EndPoints& wrong) {
    EndPoints network = wrong;
    network.network = masked(*wrong.network);
    EndPoints address = wrong;
    address.network->prefix = bits_of(wrong.network->family);
    return {fmt::format("'{}' is not a network: it has bits set behind the first {}", base::printable(text),
                        wrong.network->prefix),
            fmt::format("write {} for the network, or {} for the one address", network.to_text(),
                        address.to_text())};
}

} // namespace

bool Network::is_one_address() const {
    return prefix == bits_of(family);
}

bool Network::covers(const Network& other) const {
    if (family != other.family || prefix > other.prefix) {
        return false;
    }
    Network start = other;
    start.prefix = prefix;
    return masked(start).bytes == bytes;
}

std::string Network::to_text() const {
    std::array<char, INET6_ADDRSTRLEN> shown{};
    ::inet_ntop(family == Family::v4 ? AF_INET : AF_INET6, bytes.data(), shown.data(), shown.size());
    return is_one_address() ? std::string(shown.data()) : fmt::format("{}/{}", shown.data(), prefix);
}

bool EndPoints::hold(std::string_view end_point) const {
    const auto one = parse_end_points(end_point);
    if (!one) {
        return false;
    }
    if (network) {
        const Network wildcard{network->family, {}, bits_of(network->family)};
        if (!network->covers(one->network.value_or(wildcard))) {
            return false;
        }
    }
    const auto holds_port = [&](const PortSpan& span) {
        return !one->ports.empty() && one->ports.front().first >= span.first &&
               one->ports.front().last <= span.last;
    };
    return ports.empty() || std::any_of(ports.begin(), ports.end(), holds_port);
}

std::string EndPoints::to_text() const {
    std::string host = network ? network->to_text() : "*";
    if (ports.empty()) {
        return host;
    }
    std::vector<std::string> spans;
    for (const PortSpan& span : ports) {
        spans.push_back(span.first == span.last ? std::to_string(span.first)
                                                : fmt::format("{}-{}", span.first, span.last));
    }
    const bool six = network && network->family == Family::v6;
    return fmt::format("{}{}{}:{}", six ? "[" : "", host, six ? "]" : "", base::join(spans, ","));
}

base::Result<EndPoints, SubjectError> parse_end_points(std::string_view text) {
    const auto parts = split(text);
    if (!parts) {
        return no_address(text);
    }
    if (parts->host == "*" && !parts->ports) {
        return SubjectError{"'*' is every address", "add ports as in *:443, or change the whole rule"};
    }
    EndPoints all;
    if (parts->host != "*") {
        const auto network = parse_network(parts->host, text);
        if (!network) {
            return network.error();
        }
        all.network = *network;
    }
    if (parts->ports) {
        auto ports = parse_ports(*parts->ports);
        if (!ports) {
            return ports.error();
        }
        all.ports = std::move(*ports);
    }
    if (all.network && masked(*all.network).bytes != all.network->bytes) {
        return host_bits(text, all);
    }
    return all;
}

} // namespace rules
