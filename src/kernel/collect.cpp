#include "kernel/collect.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/proc_net.h"
#include "kernel/proc_tcp.h"
#include "kernel/sysctl.h"
#include "kernel/walk.h"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/random.h>

namespace kernel {
namespace {

using base::Gap;
using base::Why;
using snapshot::Namespace;
using snapshot::Socket;
using snapshot::State;

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    // without entropy the census still counts right; only the defence against chosen addresses is weaker
    [[maybe_unused]] const ssize_t got = ::getrandom(&seed, sizeof seed, GRND_NONBLOCK);
    return seed;
}

void lose_sockets(Namespace& space, Gap gap) {
    gap.why = Why::truncated; // what was counted before is no longer the whole truth
    space.lost_sockets = std::move(gap);
}

/// The text of both tables; IPv6 may be switched off.
struct ProcTables {
    std::string v4;
    std::string v6;

    template <typename Sink>
    std::uint64_t read(Sink sink) const {
        return read_proc_table(v4, snapshot::Family::ipv4, sink) +
               (v6.empty() ? 0 : read_proc_table(v6, snapshot::Family::ipv6, sink));
    }
};

void collect_from_proc(Machine& machine, const Gap& without, Namespace& space) {
    auto v4 = read_net_file(machine, "tcp");
    auto v6 = read_net_file(machine, "tcp6");
    const bool v6_usable = v6 || v6.error().why == Why::absent;
    if (!v4 || !v6_usable) {
        space.lost_sockets = without;
        const Gap& also = v4 ? v6.error() : v4.error();
        if (also.detail != without.detail) {
            space.lost_sockets->detail += "; " + base::to_text(also);
        }
        return;
    }
    const ProcTables tables{std::move(*v4), v6 ? std::move(*v6) : std::string()};
    snapshot::Census& sockets = space.sockets;
    space.source = snapshot::SocketSource::proc;
    const std::uint64_t malformed = tables.read([&](const Socket& socket) {
        if (socket.state == State::listen) {
            sockets.add_listener(socket);
        }
    });
    tables.read([&](const Socket& socket) { sockets.add(socket); });
    tables.read([&](const Socket& socket) {
        if (socket.state == State::close_wait) {
            sockets.add_close_wait(socket);
        }
    });
    note_malformed(malformed, space);
    const std::string reason = "/proc/net/tcp cannot tell; " + without.detail;
    for (const char* what : {"ages of CLOSE_WAIT sockets", "backlogs of listening sockets",
                             "explicitly bound ports", "bound but unconnected sockets"}) {
        space.gaps.push_back({what, Why::failed, reason});
    }
}

void collect_sockets(Machine& machine, Namespace& space) {
    snapshot::Census& sockets = space.sockets;
    const Outcome listeners =
        walk(machine, Walk::listeners, space, [&](const Socket& socket) { sockets.add_listener(socket); });
    if (!listeners) {
        sockets = snapshot::Census(random_seed());
        collect_from_proc(machine, listeners.error(), space);
        return;
    }
    const bool whole = space.provenance.has_backlogs;
    space.source = whole ? snapshot::SocketSource::sock_diag : snapshot::SocketSource::proc;
    const Outcome connections =
        walk(machine, Walk::connections, space, [&](const Socket& socket) { sockets.add_soon(socket); });
    sockets.settle();
    if (!connections) {
        lose_sockets(space, connections.error());
        return;
    }
    if (sockets.count(State::close_wait) > 0) {
        const Outcome close_waits = walk(machine, Walk::close_waits, space,
                                         [&](const Socket& socket) { sockets.add_close_wait(socket); });
        if (!close_waits) {
            lose_sockets(space, close_waits.error());
        }
    }
}

/// Chains of many sockets are read in pieces, and between two pieces sockets move: measured, 9 of 5000 were
/// missed where 16 buckets held them (docs/kernel-model.md, 7.4).
void note_crowded_table(Namespace& space) {
    constexpr std::uint64_t crowded = 4; // sockets in a bucket
    const auto buckets =
        space.sysctls.integer("net.ipv4.tcp_ehash_entries"); // negative: shared with the host's
    std::uint64_t sockets = 0;
    for (const State state : snapshot::shown_states) {
        sockets += space.sockets.count(state);
    }
    if (buckets && *buckets != 0 && sockets > crowded * static_cast<std::uint64_t>(std::abs(*buckets))) {
        note_gap(space, "exact numbers of sockets",
                 {"", Why::failed,
                  fmt::format("{} sockets in {} hash buckets: while others come and go a few may be missed",
                              sockets, std::abs(*buckets))});
    }
}

Namespace collect_namespace(Place& place) {
    Namespace space;
    space.label = place.label;
    space.id = place.id;
    space.cookie = place.machine->namespace_cookie();
    space.provenance = place.machine->provenance();
    space.sockets = snapshot::Census(random_seed());
    space.sysctls = read_sysctls(*place.machine);
    space.counters = read_counters(*place.machine);
    collect_sockets(*place.machine, space);
    note_crowded_table(space);
    if (space.provenance.no_timers) {
        space.gaps.push_back(*space.provenance.no_timers);
    }
    if (const std::uint64_t overflow = space.sockets.overflow(); overflow > 0 && !space.lost_sockets) {
        space.lost_sockets =
            Gap{"the socket table", Why::truncated, fmt::format("no room for {} sockets", overflow)};
    }
    return space;
}

std::string first_line(Machine& machine, const std::string& path) {
    const auto content = machine.read(path);
    return content ? std::string(base::trim(*content)) : std::string();
}

} // namespace

snapshot::Host collect(std::vector<Place>& places) {
    snapshot::Host host;
    if (places.empty()) {
        return host;
    }
    Machine& first = *places.front().machine;
    host.time = first.now();
    host.name = first_line(first, "/proc/sys/kernel/hostname");
    host.kernel = first_line(first, "/proc/sys/kernel/osrelease");
    host.boot_id = first_line(first, "/proc/sys/kernel/random/boot_id");
    host.uptime = base::parse_decimal(base::split(first_line(first, "/proc/uptime"), ' ').front());
    for (Place& place : places) {
        host.namespaces.push_back(collect_namespace(place));
    }
    return host;
}

} // namespace kernel
