// An IP address as the tuple space sees it. IPv4 is kept in its v4-mapped form, because an AF_INET6 socket to
// ::ffff:a.b.c.d lives in the IPv4 tuple space (kernel: tcp_v6_connect() hands over to tcp_v4_connect()).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace snapshot {

class Address {
  public:
    /// The IPv6 wildcard "::".
    constexpr Address() = default;

    /// From the four bytes of an IPv4 address in network order.
    static Address v4(const void* bytes) {
        Address address;
        address.bytes_[10] = 0xFF;
        address.bytes_[11] = 0xFF;
        std::memcpy(&address.bytes_[12], bytes, 4);
        return address;
    }
    /// From the sixteen bytes of an IPv6 address in network order.
    static Address v6(const void* bytes) {
        Address address;
        std::memcpy(address.bytes_.data(), bytes, 16);
        return address;
    }
    /// "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; none if it is neither.
    static std::optional<Address> parse(std::string_view text);

    bool operator==(const Address& other) const { return high() == other.high() && low() == other.low(); }

    /// Also true for v4-mapped addresses: they are IPv4 on the wire.
    bool is_v4() const;
    /// 127.0.0.0/8 or ::1, by address and not by route, as tcp_twsk_unique() judges it.
    bool is_loopback() const;
    /// 0.0.0.0 or "::".
    bool is_wildcard() const;

    /// The first and last eight bytes as they lie in memory: for hashing and comparing only.
    std::uint64_t high() const { return word(0); }
    std::uint64_t low() const { return word(8); }

    /// "192.0.2.1" or "2001:db8::1" (RFC 5952).
    std::string to_text() const;

  private:
    std::uint64_t word(std::size_t at) const {
        std::uint64_t value = 0;
        std::memcpy(&value, &bytes_[at], sizeof value);
        return value;
    }
    std::array<std::uint8_t, 16> bytes_{};
};

/// "192.0.2.1:443", "[2001:db8::1]:443", "*:443" for a wildcard.
std::string end_point_text(const Address& address, std::uint16_t port);

struct EndPoint {
    Address address;
    std::uint16_t port = 0;

    bool operator==(const EndPoint&) const = default;
};

/// Reads "ADDRESS:PORT" with the IPv6 address in brackets; none if it is not that.
std::optional<EndPoint> parse_end_point(std::string_view text);

} // namespace snapshot
