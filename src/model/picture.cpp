#include "model/picture.h"

#include "model/owners.h"
#include "model/ports_answer.h"
#include "model/time_wait.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace model {

namespace {

using snapshot::TcpState;

std::optional<std::uint64_t> reading(const snapshot::Counters& counters, snapshot::Counter counter) {
    const auto value = counters.get(counter);
    return value ? std::optional(*value) : std::nullopt;
}

/// Of sockstat6, which does not exist where IPv6 is off: then there are none.
std::optional<std::uint64_t> reading6(const snapshot::Counters& counters, snapshot::Counter counter) {
    const auto value = counters.get(counter);
    return value                                    ? std::optional(*value)
           : value.error().why == base::Why::absent ? std::optional<std::uint64_t>(0)
                                                    : std::nullopt;
}

std::optional<std::uint64_t> sum_known(std::initializer_list<std::optional<std::uint64_t>> parts) {
    std::uint64_t sum = 0;
    for (const auto& part : parts) {
        if (!part) {
            return std::nullopt;
        }
        sum += *part;
    }
    return sum;
}

/// iproute2, misc/ss.c, print_summary().
facts::SocketSummary summary_of(const snapshot::Counters& counters) {
    facts::SocketSummary summary;
    const auto tcp = reading(counters, "sockstat.TCP.inuse");
    if (!tcp) {
        return summary; // a text that has no /proc
    }
    const auto tcp6 = reading6(counters, "sockstat6.TCP6.inuse");
    const auto udp = reading(counters, "sockstat.UDP.inuse");
    const auto udp6 = reading6(counters, "sockstat6.UDP6.inuse");
    const auto raw = reading(counters, "sockstat.RAW.inuse");
    const auto raw6 = reading6(counters, "sockstat6.RAW6.inuse");
    summary.transports = {
        {"RAW", raw, raw6},
        {"UDP", udp, udp6},
        {"TCP", tcp, tcp6},
        {"INET", sum_known({raw, udp, tcp}), sum_known({raw6, udp6, tcp6})},
        {"FRAG", reading(counters, "sockstat.FRAG.inuse"), reading6(counters, "sockstat6.FRAG6.inuse")}};
    summary.total = reading(counters, "sockstat.sockets.used");
    summary.established = reading(counters, "snmp.Tcp.CurrEstab");
    const auto allocated = reading(counters, "sockstat.TCP.alloc");
    const auto time_wait = reading(counters, "sockstat.TCP.tw");
    if (allocated && time_wait && tcp6) {
        const auto all = static_cast<std::int64_t>(*allocated);
        const auto waiting = static_cast<std::int64_t>(*time_wait);
        summary.tcp = all + waiting;
        summary.closed = all - (static_cast<std::int64_t>(*tcp + *tcp6) - waiting);
    }
    return summary;
}

} // namespace

facts::NetnsStates states_answer(const snapshot::Netns& netns) {
    facts::NetnsStates answer;
    answer.label = netns.label;
    answer.id = netns.id;
    answer.unknown = netns.lost_sockets;
    answer.gaps = netns.gaps;
    if (!netns.lost_sockets && netns.provenance.unproven) {
        answer.gaps.insert(answer.gaps.begin(), *netns.provenance.unproven);
    }
    answer.next_time = netns.provenance.next_time;
    answer.source = netns.provenance.is_foreign()                       ? netns.provenance.name
                    : netns.source == snapshot::SocketSource::sock_diag ? "sock_diag"
                    : netns.source == snapshot::SocketSource::proc      ? "procfs"
                                                                        : "none";
    for (const TcpState state : snapshot::shown_states) {
        facts::StateCount count{name(state), std::nullopt, std::nullopt};
        const bool collected = state != TcpState::bound || netns.sockets.bound_ports() != nullptr;
        if (collected && netns.source != snapshot::SocketSource::none) {
            const auto at = static_cast<std::size_t>(state);
            count.ipv4 = netns.sockets.counts(snapshot::Family::ipv4)[at];
            if (netns.provenance.has_ipv6) {
                count.ipv6 = netns.sockets.counts(snapshot::Family::ipv6)[at];
            }
            count.named = netns.provenance.named[at];
        }
        answer.states.push_back(count);
    }
    const snapshot::Counters& counters = netns.counters;
    answer.sockstat = {reading(counters, "sockstat.TCP.inuse"),  reading(counters, "sockstat6.TCP6.inuse"),
                       reading(counters, "sockstat.TCP.orphan"), reading(counters, "sockstat.TCP.tw"),
                       reading(counters, "sockstat.TCP.alloc"),  reading(counters, "sockstat.TCP.mem")};
    answer.summary = summary_of(counters);
    return answer;
}

namespace {

struct ShownCounter {
    snapshot::Counter counter;
    std::string_view what;
};

constexpr auto shown = std::to_array<ShownCounter>({
    {"snmp.Tcp.ActiveOpens", "opened here"},
    {"snmp.Tcp.PassiveOpens", "opened by clients"},
    {"snmp.Tcp.AttemptFails", "attempts failed"},
    {"snmp.Tcp.EstabResets", "reset"},
    {"snmp.Tcp.RetransSegs", "segments sent again"},
    {"netstat.TcpExt.TWRecycled", "TIME_WAIT ports reused"},
    {"netstat.TcpExt.ListenOverflows", "turned away by full accept queues"},
    {"netstat.TcpExt.TCPReqQFullDrop", "dropped by full SYN queues"},
    {"netstat.TcpExt.SyncookiesSent", "SYN cookies"},
    {"netstat.TcpExt.TCPTimeWaitOverflow", "ended without TIME_WAIT"},
    {"netstat.TcpExt.TCPAbortOnTimeout", "given up"},
    {"netstat.TcpExt.TCPAbortOnMemory", "reset for lack of memory"},
    {"conntrack.drop", "dropped by conntrack"},
    {"conntrack.insert_failed", "lost their conntrack entry"},
});

std::vector<facts::Movement> movements(const snapshot::Counters& before, const snapshot::Counters& now,
                                       double seconds) {
    std::vector<facts::Movement> moved;
    for (const auto& [counter, what] : shown) {
        const auto from = before.get(counter);
        const auto to = now.get(counter);
        if (from && to && *to > *from && seconds > 0) {
            moved.push_back({what, static_cast<double>(*to - *from) / seconds});
        }
    }
    return moved;
}

} // namespace

facts::Look look(const snapshot::Host& host, const snapshot::Host* before, const Assumptions& assumed,
                 std::size_t top) {
    facts::Look look;
    const bool comparable = before != nullptr && before->namespaces.size() == host.namespaces.size();
    look.seconds = comparable ? host.uptime.value_or(0) - before->uptime.value_or(0) : 0;
    for (std::size_t i = 0; i < host.namespaces.size(); ++i) {
        const snapshot::Netns& netns = host.namespaces[i];
        PortsQuery query;
        query.top = top;
        facts::NetnsLook& here = look.namespaces.emplace_back();
        here.states = states_answer(netns);
        here.ports = ports_answer(netns, netns.sysctls.assuming(assumed), query);
        if (comparable && before->namespaces[i].id == netns.id) {
            here.movements = movements(before->namespaces[i].counters, netns.counters, look.seconds);
        }
    }
    return look;
}

namespace {

using facts::NetnsPicture;
using snapshot::CloseWaitCounts;
using snapshot::CloseWaitKind;

constexpr std::size_t most_destinations = 10;
constexpr std::size_t most_owners = 10;
constexpr std::size_t most_queues = 10;
static_assert(facts::waiting_steps_s == snapshot::close_wait_ages_s);

/// A service whose listener is gone keeps no records that count: its connections are incoming.
void fill_ages(NetnsPicture& picture, const snapshot::Census& sockets) {
    for (std::size_t i = 0; i < sockets.record_count(); ++i) {
        const snapshot::SocketRecord& record = sockets.record(i);
        if (record.state() == snapshot::TcpState::time_wait && !sockets.services().contains(record.port)) {
            ++picture.time_wait_ages[std::min(age_seconds(record) / facts::age_bin_seconds,
                                              facts::age_bin_count - 1)];
        }
    }
}

facts::WaitingOwner waiting_owner(const Owner& owner) {
    const auto of_kind = [&](CloseWaitKind kind) -> const CloseWaitCounts& {
        return owner.kinds[static_cast<std::size_t>(kind)];
    };
    facts::WaitingOwner waiting;
    waiting.owner = owner.name();
    if (const Share* share = owner.foremost()) {
        waiting.process = fmt::format("{} (pid {})", command_of(*share->process), share->process->pid);
    } else if (owner.no_process && owner.no_process->why == base::Why::failed) {
        waiting.process = "process not found: " + owner.no_process->detail;
    }
    waiting.end_point = owner.end_point;
    waiting.leaked = of_kind(CloseWaitKind::leaked).count;
    waiting.unread = of_kind(CloseWaitKind::unread).count;
    waiting.unaccepted = of_kind(CloseWaitKind::unaccepted).count;
    waiting.half_closed = of_kind(CloseWaitKind::half_closed).count;
    waiting.total = owner.total().count;
    CloseWaitCounts stuck;
    for (const CloseWaitKind kind :
         {CloseWaitKind::leaked, CloseWaitKind::unread, CloseWaitKind::unaccepted}) {
        stuck.add(of_kind(kind));
    }
    if (stuck.count > 0 && stuck.without_age == 0) {
        waiting.older = stuck.older;
        waiting.oldest = stuck.oldest.least_ms / 1000.0;
    }
    return waiting;
}

void fill_owners(NetnsPicture& picture, const snapshot::Netns& netns) {
    for (const Owner& owner : owners_of(netns)) {
        picture.close_wait.push_back(waiting_owner(owner));
    }
    std::stable_sort(
        picture.close_wait.begin(), picture.close_wait.end(),
        [](const facts::WaitingOwner& a, const facts::WaitingOwner& b) { return a.total > b.total; });
    const std::size_t kept = std::min(picture.close_wait.size(), most_owners);
    picture.owners_left_out = picture.close_wait.size() - kept;
    picture.close_wait.resize(kept);
}

void fill_queues(NetnsPicture& picture, const snapshot::Netns& netns) {
    picture.listeners = netns.sockets.listeners().size();
    std::vector<const snapshot::Listener*> waiting;
    for (const snapshot::Listener& listener : netns.sockets.listeners()) {
        if (listener.accept_queue > 0) {
            waiting.push_back(&listener);
        }
    }
    std::stable_sort(waiting.begin(), waiting.end(),
                     [](const snapshot::Listener* a, const snapshot::Listener* b) {
                         return a->accept_queue > b->accept_queue;
                     });
    const std::size_t kept = std::min(waiting.size(), most_queues);
    picture.queues_left_out = waiting.size() - kept;
    waiting.resize(kept);
    for (const snapshot::Listener* listener : waiting) {
        const auto in_state = [&](snapshot::TcpState state) {
            return listener->connections[static_cast<std::size_t>(state)];
        };
        facts::ListenerQueue queue;
        queue.listener = snapshot::end_point_text(listener->address, listener->port);
        if (netns.queue_owners) {
            const auto uid = netns.provenance.has_users ? std::optional(listener->uid) : std::nullopt;
            queue.holder = holder_name(netns.queue_owners, listener->inode, uid, listener->cgroup);
        }
        queue.queue = listener->accept_queue;
        if (netns.source == snapshot::SocketSource::sock_diag) {
            queue.limit = listener->backlog;
        }
        queue.established = in_state(snapshot::TcpState::established);
        queue.syn_recv = in_state(snapshot::TcpState::syn_recv);
        picture.queues.push_back(std::move(queue));
    }
}

} // namespace

facts::Picture picture_of(const snapshot::Host& host, const Assumptions& assumed) {
    facts::Picture all;
    for (const snapshot::Netns& netns : host.namespaces) {
        PortsQuery busiest;
        busiest.top = most_destinations;
        busiest.holders = true;
        NetnsPicture picture;
        picture.states = states_answer(netns);
        picture.ports = ports_answer(netns, netns.sysctls.assuming(assumed), busiest);
        fill_ages(picture, netns.sockets);
        fill_owners(picture, netns);
        fill_queues(picture, netns);
        all.namespaces.push_back(std::move(picture));
    }
    return all;
}

} // namespace model
