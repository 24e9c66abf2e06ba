// What source NAT of this namespace has given out, as conntrack keeps it: how many local ports of which
// address towards which remote end. Counts entries and keeps none; knows no rule of the firewall and no
// limit.
#pragma once

#include "snapshot/address.h"

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

namespace snapshot {

/// A TCP connection whose source is translated.
struct NatEntry {
    EndPoint client; // as it is before
    EndPoint nat;    // what the remote end sees
    EndPoint remote;
};

/// The connections from one address of the NAT to one remote end: each needs a port of its own.
struct NatUse {
    Address nat;
    EndPoint remote;
    std::uint32_t ports = 0;
    std::uint32_t moved = 0; // of these, not the port that the client chose
    std::uint16_t lowest = 0;
    std::uint16_t highest = 0;
    Address client; // the first one
    bool several_clients = false;
};

class NatTable {
  public:
    /// An entry whose source is not translated counts for nothing.
    void add(const NatEntry& entry);

    /// In the order of addresses and ports.
    std::vector<NatUse> uses() const;
    /// Entries that found no room.
    std::uint64_t overflow() const { return overflow_; }

  private:
    using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint16_t>;
    std::map<Key, NatUse> uses_;
    std::uint64_t overflow_ = 0;
};

} // namespace snapshot
