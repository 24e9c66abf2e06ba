// Addresses, networks and ports as an override names them, and as facts print them: one grammar for both.
// Knows nothing of rules, TOML or sockets.
#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

/// The addresses that begin with the same `prefix` bits; one address is a network of all its bits.
struct Network {
    enum class IpVersion { v4, v6 };
    IpVersion family = IpVersion::v4; // a v4-mapped IPv6 address is IPv4
    std::array<std::uint8_t, 16> bytes{};
    unsigned prefix = 0;

    bool is_one_address() const;
    bool covers(const Network& other) const;
    /// "192.0.2.1", "10.0.0.0/8", "2001:db8::/32".
    std::string to_text() const;
};

struct PortSpan {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
};

struct EndPoints {
    std::optional<Network> network; // none: any address
    std::vector<PortSpan> ports;    // empty: any port

    /// `end_point` is one address with at most one port, or any address: that of a listener on the wildcard
    /// address, which lies in networks that hold 0.0.0.0 or "::".
    bool hold(const EndPoints& end_point) const;
    /// In one spelling: "10.0.0.0/8:443,9000-9100", "[2001:db8::/32]:443", "*:443".
    std::string to_text() const;
};

struct SubjectError {
    std::string message;
    std::string advice;
};

/// ADDRESS or NETWORK/BITS, with :PORTS behind it or not, or *:PORTS. PORTS are numbers and spans, with
/// commas between them. An IPv6 address with ports stands in brackets.
base::Result<EndPoints, SubjectError> parse_end_points(std::string_view text);

// Whom an override means: what a person wrote, and whether a subject as facts print it is meant. Knows
// nothing of rules, TOML or sockets.

/// The keys of an override that name a subject: columns of fact tables, and the namespace.
inline constexpr auto subject_keys =
    std::to_array<std::string_view>({"remote", "listener", "owner", "source", "name", "namespace"});

/// A subject as facts print it, read once to be compared with many overrides.
struct ShownSubject {
    /// `text` under one of subject_keys: "192.0.2.1:443", "[2001:db8::1]:443", "*:80", a name.
    ShownSubject(std::string_view key, std::string_view text);

    std::string text;
    std::optional<EndPoints> end_points; // none: it is a name
};

struct Subject {
    std::string key;
    std::string text;                    // in one spelling
    std::optional<EndPoints> end_points; // none: `text` is a name, in which '*' stands for any characters

    bool fits(const ShownSubject& shown) const;
};

/// Reads the value of one of subject_keys. A source has no ports, a remote is no wildcard address, and a
/// pattern that everything fits is a mistake.
base::Result<Subject, SubjectError> parse_subject(std::string_view key, std::string_view text);

/// "remote 192.0.2.1:443, namespace web".
std::string to_text(const std::vector<Subject>& subjects);

} // namespace rules
