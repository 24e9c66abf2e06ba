// Other addresses and names in the place of real ones: the same for the same, of the same class, and chosen
// at random, so that nothing in them leads back. Knows nothing of where they stand.
#pragma once

#include "replay/capture.h"
#include "snapshot/address.h"

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

// Control group paths and sysctl.d with the names taken out that somebody chose, and with everything left by
// which a unit, a container or an assignment is recognised. Opens nothing.

/// "/system.slice/acme-billing.service" -> "/system.slice/name-1.service".
std::string masked_cgroup(std::string_view path, Pseudonyms& names);

/// The lines of a file of sysctl.d that assign a known sysctl, as they are; of the others only that there was
/// a line.
std::string masked_sysctl_file(std::string_view text);

// A capture that can be given away: no address, no name that somebody chose. Ports, users' numbers, counts,
// sizes and times stay, and so do the classes by which the program judges.

/// The same original always becomes the same mask within this capture; nothing leads back.
void mask(Capture& capture);

} // namespace replay
