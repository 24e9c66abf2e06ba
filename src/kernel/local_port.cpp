#include "kernel/local_port.h"

#include "kernel/collect.h"
#include "kernel/owners.h"
#include "kernel/proc_net.h"

#include <set>

namespace kernel {
namespace {

using snapshot::LocalPort;
using snapshot::Socket;

constexpr std::size_t most_on_a_port = 10'000;

void add(const Socket& socket, LocalPort& found) {
    if (socket.local_port != found.port) {
        return;
    }
    if (found.sockets.size() < most_on_a_port) {
        found.sockets.push_back({socket, std::nullopt});
    } else {
        ++found.more;
    }
}

Outcome walk_port(Machine& machine, Walk walk, LocalPort& found) {
    return machine
        .sockets({walk},
                 [&](std::span<const Socket> sockets) {
                     for (const Socket& socket : sockets) {
                         add(socket, found);
                     }
                 })
        .outcome;
}

void add_from_proc(Machine& machine, LocalPort& found) {
    for (const auto family : {snapshot::Family::ipv4, snapshot::Family::ipv6}) {
        const auto table = read_net_file(machine, family == snapshot::Family::ipv4 ? "tcp" : "tcp6");
        if (table) {
            read_proc_table(*table, family, [&](const Socket& socket) { add(socket, found); });
        }
    }
}

/// Which of the sockets got their port from bind(): those of a walk of its own, by their cookies.
void mark_explicit(Machine& machine, LocalPort& found, snapshot::Netns& netns) {
    std::set<std::uint64_t> cookies;
    const Walked walked = machine.sockets({Walk::explicit_binds}, [&](std::span<const Socket> sockets) {
        for (const Socket& socket : sockets) {
            if (socket.local_port == found.port) {
                cookies.insert(socket.cookie);
            }
        }
    });
    if (!walked.outcome) {
        note_gap(netns, "explicitly bound ports", walked.outcome.error());
        return;
    }
    for (snapshot::SocketOnPort& on_port : found.sockets) {
        const auto state = on_port.socket.state;
        const bool told = state != snapshot::TcpState::time_wait && state != snapshot::TcpState::syn_recv &&
                          on_port.socket.cookie != 0;
        if (told) {
            on_port.explicitly = cookies.contains(on_port.socket.cookie);
        }
    }
}

/// sock_diag tells bound sockets as closed ones.
void add_bound(Machine& machine, LocalPort& found, snapshot::Netns& netns) {
    const std::size_t before = found.sockets.size();
    if (const Outcome outcome = walk_port(machine, Walk::bound, found); !outcome) {
        note_gap(netns, "bound but unconnected sockets", outcome.error());
    }
    for (std::size_t i = before; i < found.sockets.size(); ++i) {
        found.sockets[i].socket.state = snapshot::TcpState::bound;
    }
}

} // namespace

void collect_local_port(Machine& machine, std::uint16_t port, snapshot::Netns& netns) {
    LocalPort& found = netns.local_port.emplace();
    found.port = port;
    if (!walk_port(machine, Walk::listeners, found)) {
        add_from_proc(machine, found);
    } else {
        if (const Outcome outcome = walk_port(machine, Walk::connections, found); !outcome) {
            netns.lost_sockets = outcome.error();
        }
        mark_explicit(machine, found, netns);
        add_bound(machine, found, netns);
    }
    collect_owners(machine, found, netns);
}

} // namespace kernel
