#include "kernel/collect.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/local_port.h"
#include "kernel/owners.h"
#include "kernel/proc_net.h"
#include "kernel/sysctl_files.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <numeric>
#include <sys/random.h>

#include <fmt/format.h>

namespace kernel {

void note_gap(snapshot::Netns& netns, std::string_view what, base::Gap gap) {
    gap.what = what;
    const auto same = [&](const base::Gap& known) { return known.what == gap.what; };
    if (std::none_of(netns.gaps.begin(), netns.gaps.end(), same)) {
        netns.gaps.push_back(std::move(gap));
    }
}

namespace {

using base::Gap;
using base::Why;
using snapshot::Netns;
using snapshot::Socket;
using snapshot::TcpState;

/// An entry that makes no sense may hide anything: the table is not whole.
void note_malformed(std::uint64_t count, Netns& netns) {
    if (count > 0) {
        netns.lost_sockets =
            Gap{"the socket table", Why::truncated, fmt::format("{} entries make no sense", count)};
    }
}

/// One walk over the socket table; each socket goes to `take`.
template <typename Take>
Outcome walk(Machine& machine, const Query& query, Netns& netns, Take take) {
    const Walked walked = machine.sockets(query, [&](std::span<const Socket> sockets) {
        for (const Socket& socket : sockets) {
            take(socket);
        }
    });
    note_malformed(walked.malformed, netns);
    return walked.outcome;
}

/// A handful of sockets, so that they can be asked about again without another walk.
class Few {
  public:
    void add(const Socket& socket) {
        if (++count_ <= most) {
            sockets_.push_back(socket);
        }
    }
    /// None if they are more.
    std::optional<std::vector<Socket>> all() const {
        return count_ <= most ? std::optional(sockets_) : std::nullopt;
    }

  private:
    static constexpr std::size_t most = 64;
    std::size_t count_ = 0;
    std::vector<Socket> sockets_;
};

std::optional<std::span<const Socket>> known(const std::optional<std::vector<Socket>>& few) {
    return few ? std::optional<std::span<const Socket>>(*few) : std::nullopt;
}

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    // without entropy the census still counts right; only the defence against chosen addresses is weaker
    [[maybe_unused]] const ssize_t got = ::getrandom(&seed, sizeof seed, GRND_NONBLOCK);
    return seed;
}

void lose_sockets(Netns& netns, Gap gap) {
    gap.why = Why::truncated; // what was counted before is no longer the whole truth
    netns.lost_sockets = std::move(gap);
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

void collect_from_proc(Machine& machine, const Gap& without, Netns& netns) {
    auto v4 = read_net_file(machine, "tcp");
    auto v6 = read_net_file(machine, "tcp6");
    const bool v6_usable = v6 || v6.error().why == Why::absent;
    if (!v4 || !v6_usable) {
        netns.lost_sockets = without;
        const Gap& also = v4 ? v6.error() : v4.error();
        if (also.detail != without.detail) {
            netns.lost_sockets->detail += "; " + base::to_text(also);
        }
        return;
    }
    const ProcTables tables{std::move(*v4), v6 ? std::move(*v6) : std::string()};
    snapshot::Census& sockets = netns.sockets;
    netns.source = snapshot::SocketSource::proc;
    const std::uint64_t malformed = tables.read([&](const Socket& socket) {
        if (socket.state == TcpState::listen) {
            sockets.add_listener(socket);
        }
    });
    tables.read([&](const Socket& socket) { sockets.add(socket); });
    tables.read([&](const Socket& socket) {
        if (socket.state == TcpState::close_wait) {
            sockets.add_close_wait(socket);
        }
    });
    note_malformed(malformed, netns);
    const std::string reason = "/proc/net/tcp cannot tell; " + without.detail;
    for (const char* what : {"ages of CLOSE_WAIT sockets", "backlogs of listening sockets",
                             "explicitly bound ports", "bound but unconnected sockets"}) {
        netns.gaps.push_back({what, Why::failed, reason});
    }
}

/// Every walk goes through the whole hash table of the host: none where there is nothing to find. A kernel
/// says so; copied files may be of another moment than the table of sockets.
bool holds_no_sockets(const Netns& netns) {
    const auto is_zero = [&](snapshot::Counter counter) {
        const auto count = netns.counters.get(counter);
        return count ? *count == 0 : count.error().why == Why::absent;
    };
    const auto v4 = netns.counters.get("sockstat.TCP.inuse");
    return !netns.provenance.is_foreign() && v4 && *v4 == 0 && is_zero("sockstat.TCP.tw") &&
           is_zero("sockstat6.TCP6.inuse");
}

void collect_sockets(Machine& machine, Netns& netns) {
    if (holds_no_sockets(netns)) {
        netns.source = snapshot::SocketSource::sock_diag;
        return;
    }
    snapshot::Census& sockets = netns.sockets;
    const Outcome listeners =
        walk(machine, {Walk::listeners}, netns, [&](const Socket& socket) { sockets.add_listener(socket); });
    if (!listeners) {
        sockets = snapshot::Census(random_seed());
        collect_from_proc(machine, listeners.error(), netns);
        return;
    }
    const bool whole = netns.provenance.has_backlogs;
    netns.source = whole ? snapshot::SocketSource::sock_diag : snapshot::SocketSource::proc;
    Few live;
    Few close_waits;
    const Outcome connections = walk(machine, {Walk::connections}, netns, [&](const Socket& socket) {
        sockets.add_soon(socket);
        if (socket.state == TcpState::time_wait || socket.state == TcpState::syn_recv ||
            socket.state == TcpState::new_syn_recv) {
            return;
        }
        live.add(socket);
        if (socket.state == TcpState::close_wait) {
            close_waits.add(socket);
        }
    });
    sockets.settle();
    netns.live = live.all();
    if (!connections) {
        lose_sockets(netns, connections.error());
        return;
    }
    if (sockets.count(TcpState::close_wait) > 0) {
        const auto few = close_waits.all();
        const Outcome outcome = walk(machine, {Walk::close_waits, {}, {}, known(few)}, netns,
                                     [&](const Socket& socket) { sockets.add_close_wait(socket); });
        if (!outcome) {
            lose_sockets(netns, outcome.error());
        }
    }
}

/// Chains of many sockets are read in pieces, and between two pieces sockets move: measured, 9 of 5000 were
/// missed where 16 buckets held them (docs/kernel-model.md, 7.4).
void note_crowded_table(Netns& netns) {
    constexpr std::uint64_t crowded = 4; // sockets in a bucket
    const auto buckets =
        netns.sysctls.integer("net.ipv4.tcp_ehash_entries"); // negative: shared with the host's
    std::uint64_t sockets = 0;
    for (const TcpState state : snapshot::shown_states) {
        sockets += netns.sockets.count(state);
    }
    if (buckets && *buckets != 0 && sockets > crowded * static_cast<std::uint64_t>(std::abs(*buckets))) {
        note_gap(netns, "exact numbers of sockets",
                 {"", Why::failed,
                  fmt::format("{} sockets in {} hash buckets: while others come and go a few may be missed",
                              sockets, std::abs(*buckets))});
    }
}

Netns collect_netns(Target& target) {
    Netns netns;
    netns.label = target.label;
    netns.id = target.id;
    netns.path = target.path;
    netns.cookie = target.machine->netns_cookie();
    netns.provenance = target.machine->provenance();
    netns.sockets = snapshot::Census(random_seed());
    netns.sysctls = read_sysctls(*target.machine);
    netns.counters = read_counters(*target.machine);
    collect_sockets(*target.machine, netns);
    note_crowded_table(netns);
    if (netns.provenance.no_timers) {
        netns.gaps.push_back(*netns.provenance.no_timers);
    }
    netns.gaps.insert(netns.gaps.end(), netns.provenance.gaps.begin(), netns.provenance.gaps.end());
    if (const std::uint64_t overflow = netns.sockets.overflow(); overflow > 0 && !netns.lost_sockets) {
        netns.lost_sockets =
            Gap{"the socket table", Why::truncated, fmt::format("no room for {} sockets", overflow)};
    }
    return netns;
}

std::string first_line(Machine& machine, const std::string& path) {
    const auto content = machine.read(path);
    return content ? std::string(base::trim(*content)) : std::string();
}

} // namespace

// What is collected only on request, each for the price of another walk.

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

/// Could there be bound but unconnected sockets?
bool may_have_bound(const snapshot::Counters& counters) {
    const auto outside = snapshot::sockets_outside_tables(counters);
    return !outside || *outside > 0;
}

void collect_bound(Machine& machine, std::string_view release, Netns& netns) {
    std::uint64_t found = 0;
    const Outcome outcome = walk(machine, {Walk::bound}, netns, [&](const Socket& socket) {
        ++found;
        netns.sockets.add_bound(socket);
    });
    if (!outcome) {
        note_gap(netns, "bound but unconnected sockets", outcome.error());
    } else if (found > 0 || surely_reports_bound(release) || !may_have_bound(netns.counters)) {
        netns.sockets.bound_complete();
    } else {
        note_gap(netns, "bound but unconnected sockets",
                 {"", Why::absent, "this kernel does not report them"});
    }
}

void collect_explicit(Machine& machine, Netns& netns) {
    const Outcome outcome = walk(machine, {Walk::explicit_binds}, netns,
                                 [&](const Socket& socket) { netns.sockets.add_explicit(socket); });
    if (outcome) {
        netns.sockets.explicit_binds_complete();
        return;
    }
    note_gap(netns, "explicitly bound ports", outcome.error());
}

/// Towards the remotes of the busiest flows.
void collect_routes(Machine& machine, Netns& netns) {
    netns.routes_known = true;
    constexpr std::size_t most_remotes = 64;
    const snapshot::FlowTable& flows = netns.sockets.flows();
    std::vector<std::size_t> order(flows.size());
    std::iota(order.begin(), order.end(), 0);
    const std::size_t shown = std::min(order.size(), most_remotes);
    std::partial_sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
        [&](std::size_t a, std::size_t b) { return flows[a].connections > flows[b].connections; });
    for (std::size_t i = 0; i < shown; ++i) {
        const snapshot::Address& remote = flows[order[i]].remote;
        const std::string text = remote.to_text();
        if (netns.routed_sources.contains(text)) {
            continue;
        }
        if (const auto route = machine.route({remote}); route && route->source) {
            netns.routed_sources.emplace(text, *route->source);
        }
    }
}

void collect_options(Machine& machine, std::string_view release, Netns& netns) {
    if (!surely_heals_ports(release)) {
        netns.sockets.every_port_may_be_early();
        return;
    }
    const Outcome outcome = walk(machine, {Walk::options, {}, {}, known(netns.live)}, netns,
                                 [&](const Socket& socket) { netns.sockets.add_options(socket); });
    if (outcome) {
        netns.sockets.options_complete();
        return;
    }
    note_gap(netns, "options of connected sockets", outcome.error());
}

void add_to_peer(snapshot::Peer& peer, const Socket& socket) {
    constexpr std::size_t most_sockets = 65536;
    if (socket.activity && socket.state != TcpState::syn_sent) {
        ++(socket.activity->timestamps ? peer.timestamps.with : peer.timestamps.without);
    }
    if (peer.sockets.size() < most_sockets) {
        peer.sockets.push_back({socket.local, socket.local_port, socket.device, socket.state, socket.uid,
                                socket.inode, socket.cgroup});
    }
}

void collect_peers(Machine& machine, const std::vector<snapshot::EndPoint>& remotes, Netns& netns) {
    std::vector<snapshot::Peer> peers;
    peers.reserve(remotes.size());
    for (const snapshot::EndPoint& remote : remotes) {
        peers.push_back({remote, {}, {}, std::nullopt});
    }
    const auto is_of = [](const snapshot::EndPoint& remote, const Socket& socket) {
        return remote == snapshot::EndPoint{socket.remote, socket.remote_port};
    };
    std::optional<std::vector<Socket>> few = netns.live;
    if (few) {
        std::erase_if(*few, [&](const Socket& socket) {
            return std::none_of(remotes.begin(), remotes.end(),
                                [&](const snapshot::EndPoint& remote) { return is_of(remote, socket); });
        });
    }
    const Outcome outcome =
        walk(machine, {Walk::peers, remotes, {}, known(few)}, netns, [&](const Socket& socket) {
            for (snapshot::Peer& peer : peers) {
                if (is_of(peer.remote, socket)) {
                    add_to_peer(peer, socket);
                }
            }
        });
    if (outcome) {
        netns.peers.insert(netns.peers.end(), std::make_move_iterator(peers.begin()),
                           std::make_move_iterator(peers.end()));
        return;
    }
    note_gap(netns, "timestamps and owners of live connections", outcome.error());
}

void collect_waits(Machine& machine, const std::vector<std::uint16_t>& ports, Netns& netns) {
    netns.queue_ports = ports;
    netns.waits = walk(machine, {Walk::queues, {}, ports}, netns,
                       [&](const Socket& socket) { netns.sockets.add_waiting(socket); });
}

void collect_idle(Machine& machine, Netns& netns) {
    netns.idle =
        walk(machine, {Walk::open}, netns, [&](const Socket& socket) { netns.sockets.add_idle(socket); });
    if (!netns.idle && netns.idle.error().why == Why::not_collected) {
        netns.idle =
            Gap{"how long open connections have been silent", Why::absent, netns.idle.error().detail};
    }
}

void collect_nat(Machine& machine, Netns& netns) {
    snapshot::NatTable table;
    const Outcome outcome = machine.nat([&](const snapshot::NatEntry& entry) { table.add(entry); });
    netns.nat = outcome ? base::Result<snapshot::NatTable, Gap>(std::move(table))
                        : base::Result<snapshot::NatTable, Gap>(outcome.error());
}

} // namespace

void collect(const snapshot::Request& request, std::vector<Target>& targets, snapshot::Host& host) {
    if (request.place >= targets.size() || request.place >= host.namespaces.size()) {
        return;
    }
    Machine& machine = *targets[request.place].machine;
    Netns& netns = host.namespaces[request.place];
    const bool from_sock_diag = netns.source == snapshot::SocketSource::sock_diag;
    if (request.explicit_binds && from_sock_diag) {
        collect_explicit(machine, netns);
    }
    if (request.bound_sockets && from_sock_diag) {
        collect_bound(machine, host.kernel, netns);
    }
    if (request.early_binds && from_sock_diag) {
        collect_options(machine, host.kernel, netns);
    }
    if (request.routes && from_sock_diag) {
        collect_routes(machine, netns);
    }
    if (!request.peers.empty() && from_sock_diag) {
        collect_peers(machine, request.peers, netns);
    }
    for (std::size_t i = 0; request.peer_owners && i < netns.peers.size(); ++i) {
        if (!netns.peers[i].owners) {
            collect_owners(machine, netns.peers[i], netns);
        }
    }
    if (request.local_port) {
        collect_local_port(machine, *request.local_port, netns);
    }
    if (!request.queue_ports.empty() && from_sock_diag) {
        collect_waits(machine, request.queue_ports, netns);
    }
    if (request.idle && from_sock_diag) {
        collect_idle(machine, netns);
    }
    if (request.queue_owners) {
        collect_queue_owners(machine, netns);
    }
    if (request.nat) {
        collect_nat(machine, netns);
    }
    if (request.boot_sysctls) {
        netns.boot_sysctls = read_boot_sysctls(machine, netns.gaps);
    }
    if (request.owners_of_age_ms) {
        collect_owners(machine, *request.owners_of_age_ms, netns);
    }
}

namespace {

/// The base pass of one, and what is wanted beyond it.
void collect_one(std::size_t place, std::vector<Target>& targets, const Wants& wants, snapshot::Host& host) {
    host.namespaces.push_back(collect_netns(targets[place]));
    for (int round = 0; wants && round < 2; ++round) {
        auto request = wants(host, place);
        if (!request) {
            return;
        }
        collect(*request, targets, host);
    }
}

} // namespace

snapshot::Host collect(std::vector<Target>& targets, const Wants& wants) {
    snapshot::Host host;
    if (targets.empty()) {
        return host;
    }
    Machine& first = *targets.front().machine;
    host.time = first.now();
    host.sysctls_are_read_only = first.sysctls_are_read_only();
    host.name = first_line(first, "/proc/sys/kernel/hostname");
    host.kernel = first_line(first, "/proc/sys/kernel/osrelease");
    host.boot_id = first_line(first, "/proc/sys/kernel/random/boot_id");
    host.uptime = base::parse_decimal(base::split(first_line(first, "/proc/uptime"), ' ').front());
    for (std::size_t place = 0; place < targets.size();) {
        if (targets[place].machine->within([&] { collect_one(place, targets, wants, host); })) {
            ++place;
        } else {
            targets.erase(targets.begin() + static_cast<std::ptrdiff_t>(place));
        }
    }
    return host;
}

} // namespace kernel
