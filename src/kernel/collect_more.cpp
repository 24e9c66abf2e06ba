// What is collected only on request, each for the price of another walk.
#include "kernel/collect.h"

#include "base/text.h"
#include "kernel/owners.h"
#include "kernel/sysctl_files.h"
#include "kernel/walk.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

namespace kernel {

using base::Gap;
using base::Why;
using snapshot::Namespace;
using snapshot::Socket;
using snapshot::State;

void note_malformed(std::uint64_t count, Namespace& space) {
    if (count > 0) {
        space.lost_sockets =
            Gap{"the socket table", Why::truncated, fmt::format("{} entries make no sense", count)};
    }
}

void note_gap(Namespace& space, std::string_view what, Gap gap) {
    gap.what = what;
    const auto same = [&](const Gap& known) { return known.what == gap.what; };
    if (std::none_of(space.gaps.begin(), space.gaps.end(), same)) {
        space.gaps.push_back(std::move(gap));
    }
}

namespace {

/// Is this Linux 6.`minor` or newer? Older ones may have the same by backport, so a "no" proves nothing.
bool at_least_6(unsigned minor, std::string_view release) {
    unsigned first = 0;
    unsigned second = 0;
    const auto parts = base::split(release, '.');
    if (parts.size() < 2) {
        return false;
    }
    std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), first);
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), second);
    return first > 6 || (first == 6 && second >= minor);
}

/// Kernels since 6.8 report bound but unconnected sockets.
bool surely_reports_bound(std::string_view release) {
    return at_least_6(8, release);
}

/// Since 6.18 a port is selectable again once nobody who bound it is left; before, it stays blocked until
/// every socket on it is gone, and nothing shows that (kernel: __inet_put_port()).
bool surely_heals_ports(std::string_view release) {
    return at_least_6(18, release);
}

/// Could there be bound but unconnected sockets? `alloc` counts every TCP socket of the host, `inuse` only
/// those in the tables of this namespace: without a surplus there is none; with one, it may be something
/// else.
bool may_have_bound(const snapshot::Counters& counters) {
    const auto alloc = counters.get("sockstat.TCP.alloc");
    const auto v4 = counters.get("sockstat.TCP.inuse");
    if (!alloc || !v4) {
        return true;
    }
    return *alloc > *v4 + counters.get("sockstat6.TCP6.inuse").value_or(0);
}

void collect_bound(Machine& machine, std::string_view release, Namespace& space) {
    std::uint64_t found = 0;
    const Outcome outcome = walk(machine, Walk::bound, space, [&](const Socket& socket) {
        ++found;
        space.sockets.add_bound(socket);
    });
    if (!outcome) {
        note_gap(space, "bound but unconnected sockets", outcome.error());
    } else if (found > 0 || surely_reports_bound(release) || !may_have_bound(space.counters)) {
        space.sockets.bound_complete();
    } else {
        note_gap(space, "bound but unconnected sockets",
                 {"", Why::absent, "this kernel does not report them"});
    }
}

void collect_explicit(Machine& machine, Namespace& space) {
    const Outcome outcome = walk(machine, Walk::explicit_binds, space,
                                 [&](const Socket& socket) { space.sockets.add_explicit(socket); });
    if (outcome) {
        space.sockets.explicit_binds_complete();
        return;
    }
    note_gap(space, "explicitly bound ports", outcome.error());
}

/// Towards the remotes of the busiest flows.
void collect_routes(Machine& machine, Namespace& space) {
    constexpr std::size_t most_remotes = 64;
    const snapshot::FlowTable& flows = space.sockets.flows();
    std::vector<std::size_t> order(flows.size());
    std::iota(order.begin(), order.end(), 0);
    const std::size_t shown = std::min(order.size(), most_remotes);
    std::partial_sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
        [&](std::size_t a, std::size_t b) { return flows[a].connections > flows[b].connections; });
    for (std::size_t i = 0; i < shown; ++i) {
        const snapshot::Address& remote = flows[order[i]].remote;
        const std::string text = remote.to_text();
        if (space.routed_sources.contains(text)) {
            continue;
        }
        if (const auto source = machine.source_towards(remote)) {
            space.routed_sources.emplace(text, *source);
        }
    }
}

void collect_options(Machine& machine, std::string_view release, Namespace& space) {
    if (!surely_heals_ports(release)) {
        space.sockets.every_port_may_be_early();
        return;
    }
    const Outcome outcome =
        walk(machine, Walk::options, space, [&](const Socket& socket) { space.sockets.add_options(socket); });
    if (outcome) {
        space.sockets.options_complete();
        return;
    }
    note_gap(space, "options of connected sockets", outcome.error());
}

void add_to_peer(snapshot::Peer& peer, const Socket& socket) {
    constexpr std::size_t most_sockets = 65536;
    if (socket.activity && socket.state != State::syn_sent) {
        ++(socket.activity->timestamps ? peer.timestamps.with : peer.timestamps.without);
    }
    if (peer.sockets.size() < most_sockets) {
        peer.sockets.push_back({socket.local, socket.local_port, socket.device, socket.state, socket.uid,
                                socket.inode, socket.cgroup});
    }
}

void collect_peers(Machine& machine, const std::vector<snapshot::EndPoint>& remotes, Namespace& space) {
    std::vector<snapshot::Peer> peers;
    peers.reserve(remotes.size());
    for (const snapshot::EndPoint& remote : remotes) {
        peers.push_back({remote, {}, {}, std::nullopt});
    }
    const Outcome outcome =
        walk(machine, Walk::peers, request_for_peers(remotes), space, [&](const Socket& socket) {
            for (snapshot::Peer& peer : peers) {
                if (peer.remote == snapshot::EndPoint{socket.remote, socket.remote_port}) {
                    add_to_peer(peer, socket);
                }
            }
        });
    if (outcome) {
        space.peers.insert(space.peers.end(), std::make_move_iterator(peers.begin()),
                           std::make_move_iterator(peers.end()));
        return;
    }
    note_gap(space, "timestamps and owners of live connections", outcome.error());
}

} // namespace

void collect(const snapshot::Request& request, std::vector<Place>& places, snapshot::Host& host) {
    if (request.place >= places.size() || request.place >= host.namespaces.size()) {
        return;
    }
    Machine& machine = *places[request.place].machine;
    Namespace& space = host.namespaces[request.place];
    const bool from_sock_diag = space.source == snapshot::SocketSource::sock_diag;
    if (request.explicit_binds && from_sock_diag) {
        collect_explicit(machine, space);
    }
    if (request.bound_sockets && from_sock_diag) {
        collect_bound(machine, host.kernel, space);
    }
    if (request.early_binds && from_sock_diag) {
        collect_options(machine, host.kernel, space);
        collect_routes(machine, space);
    }
    if (!request.peers.empty() && from_sock_diag) {
        collect_peers(machine, request.peers, space);
    }
    for (std::size_t i = 0; request.peer_owners && i < space.peers.size(); ++i) {
        if (!space.peers[i].owners) {
            collect_owners(machine, space.peers[i], space);
        }
    }
    if (request.queue_owners) {
        collect_queue_owners(machine, space);
    }
    if (request.boot_sysctls) {
        space.boot_sysctls = read_boot_sysctls(machine, space.gaps);
    }
    if (request.owners_of_age_ms) {
        collect_owners(machine, *request.owners_of_age_ms, space);
    }
}

} // namespace kernel
