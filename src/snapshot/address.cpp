#include "snapshot/address.h"

#include "base/number.h"

#include <algorithm>

#include <arpa/inet.h>

namespace snapshot {

std::optional<Address> Address::parse(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
        if (text.find(':') == std::string_view::npos) {
            return std::nullopt;
        }
    }
    const std::string terminated(text);
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
        return v4(bytes.data());
    }
    if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) {
        return v6(bytes.data());
    }
    return std::nullopt;
}

bool Address::is_loopback() const {
    constexpr std::array<std::uint8_t, 16> one = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return is_v4() ? bytes()[12] == 127 : bytes() == one;
}

bool Address::is_link_local() const {
    const auto all = bytes();
    return all[0] == 0xFE && (all[1] & 0xC0) == 0x80;
}

bool Address::is_multicast() const {
    const auto all = bytes();
    return is_v4() ? (all[12] & 0xF0) == 0xE0 : all[0] == 0xFF;
}

bool Address::is_wildcard() const {
    constexpr std::array<std::uint8_t, 4> zero{};
    return *this == Address() || *this == v4(zero.data());
}

std::string Address::to_text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const auto all = bytes();
    if (is_v4()) {
        ::inet_ntop(AF_INET, &all[12], buffer.data(), buffer.size());
    } else {
        ::inet_ntop(AF_INET6, all.data(), buffer.data(), buffer.size());
    }
    return buffer.data();
}

std::string end_point_text(const Address& address, std::uint16_t port) {
    const std::string number = std::to_string(port);
    if (address.is_wildcard()) {
        return "*:" + number;
    }
    return address.is_v4() ? address.to_text() + ":" + number : "[" + address.to_text() + "]:" + number;
}

std::optional<EndPoint> parse_end_point(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view host = text.substr(0, colon);
    const bool bare_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
    const auto address = Address::parse(host);
    const auto port = base::parse_port(text.substr(colon + 1));
    if (bare_v6 || !address || !port || *port == 0) {
        return std::nullopt;
    }
    return EndPoint{*address, *port};
}

} // namespace snapshot
