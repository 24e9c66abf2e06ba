// The whole snapshot: one host, one or more network namespaces. Every sysctl, counter and socket belongs to a
// namespace, because a child namespace starts from kernel defaults and not from the host's values.
#pragma once

#include "base/gap.h"
#include "snapshot/boot_sysctls.h"
#include "snapshot/census.h"
#include "snapshot/counters.h"
#include "snapshot/owners.h"
#include "snapshot/peer.h"
#include "snapshot/provenance.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace snapshot {

/// Where the sockets came from; /proc/net/tcp cannot tell ages, explicit binds or bound sockets.
enum class SocketSource { none, sock_diag, proc };

struct Namespace {
    std::string label;    // "this namespace", a name below /run/netns, "pid 42"
    std::uint64_t id = 0; // inode of the namespace file, 0 if unknown; a later namespace may get it again
    std::optional<std::uint64_t> cookie; // never used again until the next boot (Linux 5.14)
    Sysctls sysctls;
    Counters counters;
    std::optional<BootSysctls> boot_sysctls; // none until asked for
    std::optional<Owners> owners;            // of CLOSE_WAIT sockets; none until asked for
    std::optional<Owners> queue_owners; // of listeners whose accept queue is not empty; none until asked for
    Census sockets;
    std::vector<Peer> peers; // remote ends that were looked at more closely
    /// The local address that routing chooses towards a remote one (as text), for busy remotes; empty until
    /// asked for.
    std::map<std::string, Address> routed_sources;
    SocketSource source = SocketSource::none;
    Provenance provenance;
    /// The socket table is missing or incomplete: nothing about sockets may be called OK.
    std::optional<base::Gap> lost_sockets;
    std::vector<base::Gap> gaps; // everything else that was not seen

    /// Null if nobody looked at it.
    const Peer* find_peer(const EndPoint& remote) const {
        const auto found =
            std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) { return peer.remote == remote; });
        return found == peers.end() ? nullptr : &*found;
    }
};

struct Host {
    std::string name;
    std::string kernel;           // release, "6.1.0-18-amd64"
    double time = 0;              // seconds since the epoch
    std::string boot_id;          // empty if unknown
    std::optional<double> uptime; // seconds since the boot
    std::vector<Namespace> namespaces;
};

} // namespace snapshot
