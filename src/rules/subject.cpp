#include "rules/subject.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <arpa/inet.h>

#include <fmt/format.h>

namespace rules {

namespace {

using IpVersion = Network::IpVersion;

constexpr const char* subject_forms =
    "write ADDRESS, ADDRESS:PORTS, NETWORK/BITS or *:PORTS, such as 192.0.2.1:443, "
    "10.0.0.0/8:443,9000-9100 or [2001:db8::/32]:443";
constexpr unsigned mapped_bits = 96; // of the prefix ::ffff:0:0/96

unsigned bits_of(IpVersion family) {
    return family == IpVersion::v4 ? 32 : 128;
}

SubjectError no_address(std::string_view text) {
    return {fmt::format("'{}' is neither an address nor a network", base::printable(text)), subject_forms};
}

/// Digits and nothing else: a sign has no place in a port or prefix.
std::optional<std::uint16_t> number(std::string_view text) {
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits ? base::parse_port(text) : std::nullopt;
}

/// One address; `prefix` is all its bits, as it was written: 128 for a v4-mapped one.
std::optional<Network> parse_address(std::string_view text) {
    Network one;
    one.family = text.find(':') == std::string_view::npos ? IpVersion::v4 : IpVersion::v6;
    one.prefix = bits_of(one.family);
    const bool ends_early = text.find('\0') != std::string_view::npos; // for inet_pton
    const int family = one.family == IpVersion::v4 ? AF_INET : AF_INET6;
    if (ends_early || ::inet_pton(family, std::string(text).c_str(), one.bytes.data()) != 1) {
        return std::nullopt;
    }
    return one;
}

Network without_mapping(Network network) {
    constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (network.family == IpVersion::v6 && network.prefix >= mapped_bits &&
        std::equal(mapped.begin(), mapped.end(), network.bytes.begin())) {
        std::copy(network.bytes.begin() + 12, network.bytes.end(), network.bytes.begin());
        std::fill(network.bytes.begin() + 4, network.bytes.end(), std::uint8_t{0});
        network.family = IpVersion::v4;
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

struct SubjectParts {
    std::string_view host;
    std::optional<std::string_view> ports;
};

/// [ADDRESS]:PORTS. Brackets are there to tell the ports of an IPv6 address, and for nothing else.
std::optional<SubjectParts> split_brackets(std::string_view text) {
    const std::size_t end = text.find("]:");
    const std::string_view host = text.substr(1, end == std::string_view::npos ? 0 : end - 1);
    if (host.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    return SubjectParts{host, text.substr(end + 2)};
}

/// Where the address ends and the ports begin; none if its brackets are wrong.
std::optional<SubjectParts> split(std::string_view text) {
    if (text.starts_with('[')) {
        return split_brackets(text);
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
        return SubjectParts{text, std::nullopt}; // two colons: an IPv6 address
    }
    return SubjectParts{text.substr(0, colon), text.substr(colon + 1)};
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
    const std::size_t whole = prefix / 8;
    const unsigned rest = prefix % 8;
    const bool same_start = std::equal(bytes.begin(), bytes.begin() + whole, other.bytes.begin());
    return same_start && (rest == 0 || (bytes[whole] ^ other.bytes[whole]) >> (8 - rest) == 0);
}

std::string Network::to_text() const {
    std::array<char, INET6_ADDRSTRLEN> shown{};
    ::inet_ntop(family == IpVersion::v4 ? AF_INET : AF_INET6, bytes.data(), shown.data(), shown.size());
    return is_one_address() ? std::string(shown.data()) : fmt::format("{}/{}", shown.data(), prefix);
}

bool EndPoints::hold(const EndPoints& end_point) const {
    if (network) {
        const Network wildcard{network->family, {}, bits_of(network->family)};
        if (!network->covers(end_point.network ? *end_point.network : wildcard)) {
            return false;
        }
    }
    const auto holds_port = [&](const PortSpan& span) {
        return !end_point.ports.empty() && end_point.ports.front().first >= span.first &&
               end_point.ports.front().last <= span.last;
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
    const bool six = network && network->family == IpVersion::v6;
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

namespace {

/// '*' stands for any characters, also none. Goes back to the last '*' only, so that no pattern is slow.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;
    std::size_t behind = 0; // where the text goes on if that '*' takes one character more
    for (std::size_t t = 0; t < text.size() || p < pattern.size();) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            behind = t;
        } else if (p < pattern.size() && t < text.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos && behind < text.size()) {
            p = star + 1;
            t = ++behind;
        } else {
            return false;
        }
    }
    return true;
}

/// Texts that a person may have meant by one that begins with a bracket.
std::vector<std::string> without_brackets(std::string_view text) {
    const std::size_t end = text.find(']');
    if (!text.starts_with('[') || end == std::string_view::npos) {
        return {};
    }
    const std::string host(text.substr(1, end - 1));
    const std::string rest(text.substr(end + 1));
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (host.find(':') == std::string::npos) { // [192.0.2.1]:443
        return {host + rest};
    }
    if (colon == rest.size()) { // [2001:db8::1], [2001:db8::]/32
        return {host + rest};
    }
    return {"[" + host + rest.substr(0, colon) + "]" + rest.substr(colon)}; // [2001:db8::]/32:443
}

/// What a person probably meant by a text that is almost right; empty if there is no idea.
std::string correction(std::string_view text) {
    std::string plain(text);
    std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
    const std::size_t zone = plain.find('%'); // facts name no interface
    if (zone != std::string::npos) {
        plain.erase(zone, std::min(plain.find_first_of("/]", zone), plain.size()) - zone);
    }
    std::vector<std::string> candidates = without_brackets(plain);
    candidates.push_back(plain);
    candidates.push_back("*" + plain);  // :443
    candidates.push_back("*:" + plain); // 443
    const std::size_t ports = plain.find(':', std::min(plain.find('/'), plain.size()));
    if (ports != std::string::npos) { // 2001:db8::/32:443
        candidates.push_back("[" + plain.substr(0, ports) + "]" + plain.substr(ports));
    }
    for (const std::string& candidate : candidates) {
        if (parse_end_points(candidate)) {
            return candidate;
        }
    }
    return {};
}

bool names_end_points(std::string_view key) {
    return key == "remote" || key == "listener" || key == "source";
}

base::Result<Subject, SubjectError> name_subject(std::string_view key, std::string_view text) {
    if (base::trim(text).empty()) {
        return SubjectError{fmt::format("an empty '{}'", key), "name one, or leave it out"};
    }
    if (text.find_first_not_of('*') == std::string_view::npos) {
        return SubjectError{fmt::format("'*' is every {}", key), "leave it out, or change the whole rule"};
    }
    return Subject{std::string(key), std::string(text), std::nullopt};
}

std::optional<SubjectError> check_end_points(std::string_view key, const EndPoints& given) {
    EndPoints address = given;
    address.ports.clear();
    if (key == "source" && !given.ports.empty()) {
        return SubjectError{"a source has no ports",
                            given.network ? fmt::format("write {}", address.to_text()) : "leave it out"};
    }
    const Network* network = given.network ? &*given.network : nullptr;
    const bool wildcard =
        network != nullptr && network->is_one_address() && network->bytes == Network().bytes;
    if (key != "listener" && wildcard) {
        address.network.reset();
        address.ports = given.ports;
        return SubjectError{fmt::format("{} is the address of no connection", network->to_text()),
                            given.ports.empty() ? "leave it out"
                                                : fmt::format("write {} for any address", address.to_text())};
    }
    return std::nullopt;
}

} // namespace

ShownSubject::ShownSubject(std::string_view key, std::string_view shown) : text(shown) {
    if (names_end_points(key)) {
        if (auto parsed = parse_end_points(text)) {
            end_points = std::move(*parsed);
        }
    }
}

bool Subject::fits(const ShownSubject& shown) const {
    return end_points ? shown.end_points && end_points->hold(*shown.end_points) : matches(text, shown.text);
}

base::Result<Subject, SubjectError> parse_subject(std::string_view key, std::string_view text) {
    if (!names_end_points(key)) {
        return name_subject(key, text);
    }
    auto end_points = parse_end_points(text);
    if (!end_points) {
        SubjectError error = end_points.error();
        if (const std::string meant = correction(text); !meant.empty()) {
            error.advice = fmt::format("write {}", meant);
        }
        return error;
    }
    if (const auto error = check_end_points(key, *end_points)) {
        return *error;
    }
    return Subject{std::string(key), end_points->to_text(), std::move(*end_points)};
}

std::string to_text(const std::vector<Subject>& subjects) {
    std::vector<std::string> parts;
    parts.reserve(subjects.size());
    for (const Subject& subject : subjects) {
        parts.push_back(subject.key + " " + subject.text);
    }
    return base::join(parts, ", ");
}

} // namespace rules
