// Other addresses and names in the place of real ones: the same for the same, of the same class, and chosen
// at random, so that nothing in them leads back. Of control group paths and files of sysctl.d everything
// stays by which a unit, a container or an assignment is recognised. Knows no capture.
#pragma once

#include "snapshot/address.h"

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>

namespace replay {

class Pseudonyms {
  public:
    /// Random by the kernel's entropy.
    Pseudonyms();

    /// An address that is in use, so that no pseudonym is one. All of them before the first pseudonym.
    void reserve(const snapshot::Address& address) { taken_.insert(address.bytes()); }

    /// 0.0.0.0, 255.255.255.255, 127.0.0.1, :: and ::1 stay. Others stay loopback, link-local or multicast;
    /// private IPv4 becomes 10/8 and unique local IPv6 fd00::/8; all others 240/4 and 2001:db8::/32. A
    /// v4-mapped address is IPv4.
    snapshot::Address of(const snapshot::Address& address);

    /// "process-3": the third name that was asked for with this prefix.
    std::string name(std::string_view prefix, std::string_view real);

    /// Random hexadecimal digits in the place of others; what is none stays.
    std::string digits(std::string_view real);

  private:
    using Bytes = std::array<std::uint8_t, 16>;
    Bytes random_like(Bytes real);

    std::mt19937_64 random_;
    std::set<Bytes> taken_;
    std::map<Bytes, Bytes> addresses_;
    std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> names_; // by prefix
    std::map<std::string, std::string, std::less<>> digits_;
};

/// "/system.slice/acme-billing.service" -> "/system.slice/name-1.service".
std::string masked_cgroup(std::string_view path, Pseudonyms& names);

/// The lines of a file of sysctl.d that assign a known sysctl, as they are; of the others only that there was
/// a line.
/// `of_kernel`: dotted names that are there where it was recorded; of others, which somebody mistyped or made
/// up, only the beginning stays.
std::string masked_sysctl_file(std::string_view text, Pseudonyms& names,
                               const std::set<std::string, std::less<>>& of_kernel);

} // namespace replay
