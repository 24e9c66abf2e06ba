// An IP address as the tuple space sees it. IPv4 is kept in its v4-mapped form, because an AF_INET6 socket to
// ::ffff:a.b.c.d lives in the IPv4 tuple space (kernel: tcp_v6_connect() hands over to tcp_v4_connect()).
#pragma once

#include <array>
#include <bit>
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
        std::uint32_t last = 0;
        std::memcpy(&last, bytes, sizeof last);
        Address address; // made in registers: a million of them are hashed right after
        address.low_ = std::endian::native == std::endian::little
                           ? (static_cast<std::uint64_t>(last) << 32) | 0xFFFF0000U
                           : 0x0000FFFF00000000U | last;
        return address;
    }
    /// From the sixteen bytes of an IPv6 address in network order.
    static Address v6(const void* bytes) {
        Address address;
        std::memcpy(&address.high_, bytes, 8);
        std::memcpy(&address.low_, static_cast<const char*>(bytes) + 8, 8);
        return address;
    }
    /// "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; none if it is neither.
    static std::optional<Address> parse(std::string_view text);

    bool operator==(const Address& other) const = default;

    /// Also true for v4-mapped addresses: they are IPv4 on the wire.
    bool is_v4() const {
        constexpr bool little = std::endian::native == std::endian::little;
        constexpr std::uint64_t prefix = little ? 0xFFFF0000U : 0x0000FFFF00000000U;
        constexpr std::uint64_t mask = little ? 0xFFFFFFFFU : 0xFFFFFFFF00000000U;
        return high_ == 0 && (low_ & mask) == prefix;
    }
    /// 127.0.0.0/8 or ::1, by address and not by route, as tcp_twsk_unique() judges it.
    bool is_loopback() const;
    /// fe80::/10.
    bool is_link_local() const;
    /// 224.0.0.0/4 or ff00::/8.
    bool is_multicast() const;
    /// 0.0.0.0 or "::".
    bool is_wildcard() const;

    /// The first and last eight bytes as they lie in memory: for hashing and comparing only.
    std::uint64_t high() const { return high_; }
    std::uint64_t low() const { return low_; }

    /// In network order.
    std::array<std::uint8_t, 16> bytes() const {
        std::array<std::uint8_t, 16> all{};
        std::memcpy(all.data(), &high_, 8);
        std::memcpy(&all[8], &low_, 8);
        return all;
    }

    /// "192.0.2.1" or "2001:db8::1" (RFC 5952).
    std::string to_text() const;

  private:
    std::uint64_t high_ = 0;
    std::uint64_t low_ = 0;
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
