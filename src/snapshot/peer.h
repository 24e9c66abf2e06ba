// The live sockets towards one remote end, one by one: who holds them, and what they negotiated. Collected
// only for the few remote ends that a question is about.
#pragma once

#include "snapshot/address.h"
#include "snapshot/owners.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace snapshot {

/// Live sockets with and without TCP timestamps.
struct Timestamps {
    std::uint32_t with = 0;
    std::uint32_t without = 0;
};

struct PeerSocket {
    Address source;
    std::uint16_t port = 0; // local
    std::uint32_t device = 0;
    State state = State::established;
    std::uint32_t uid = 0;
    std::uint32_t inode = 0; // 0: no process holds it any more
    std::optional<std::uint64_t> cgroup;
};

struct Peer {
    EndPoint remote;
    Timestamps timestamps;
    std::vector<PeerSocket> sockets;             // at most one range of ports for each source
    std::optional<Owners> owners = std::nullopt; // if somebody asked who holds them
};

} // namespace snapshot
