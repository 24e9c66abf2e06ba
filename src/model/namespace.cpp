#include "base/text.h"
#include "model/expected.h"
#include "model/ports_answer.h"
#include "model/queues.h"
#include "model/sysctls.h"
#include "model/tables.h"
#include "model/wants.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace model {

namespace {

using base::Gap;
using base::Why;
using facts::Basis;
using facts::Value;
using snapshot::Counter;
using snapshot::PortSet;
using snapshot::TcpState;

struct NetnsInput {
    const snapshot::Netns* netns;
    snapshot::Sysctls sysctls;
    std::shared_ptr<const PortModel> ports;
    Earlier earlier;
    Expectation expected;
    mutable std::optional<WorstPorts> worst; // of all destinations, once a column was asked for
};

/// Sockets that were counted: all of them, or at least so many.
Value counted(const NetnsInput& s, std::uint32_t sockets) {
    if (s.netns->source == snapshot::SocketSource::none && s.netns->lost_sockets) {
        return *s.netns->lost_sockets;
    }
    return {sockets, s.netns->incomplete_sockets() ? Basis::at_least : Basis::measured};
}

template <TcpState state>
Value in_state(const NetnsInput& s) {
    return counted(s, s.netns->sockets.count(state));
}

Value fin_wait(const NetnsInput& s) {
    return counted(s,
                   s.netns->sockets.count(TcpState::fin_wait1) + s.netns->sockets.count(TcpState::fin_wait2));
}

Value established_retrying(const NetnsInput& s) {
    if (s.netns->provenance.no_timers) {
        return *s.netns->provenance.no_timers;
    }
    return counted(s, s.netns->sockets.established_retrying());
}

Value bound(const NetnsInput& s) {
    if (s.netns->sockets.bound_ports() == nullptr) {
        return base::Gap{"bound sockets", base::Why::not_collected, {}};
    }
    return in_state<TcpState::bound>(s);
}

Value destinations(const NetnsInput& s) {
    return counted(s, static_cast<std::uint32_t>(s.netns->sockets.flows().size()));
}

template <typename F>
Value of_netns(const NetnsInput& s, F number) {
    return s.ports->ports ? Value(static_cast<double>(number(*s.ports->ports)))
                          : Value(s.ports->ports.error());
}

/// The range alone: whatever is reserved in it, no more ports than these can be used.
template <typename F>
Value of_range(const NetnsInput& s, F number) {
    const auto range = s.sysctls.port_range();
    return range ? Value(static_cast<double>(number(*range))) : Value(range.error());
}

/// Explicit binds and bound sockets that were not asked for, or that others may hold, make this a lower
/// bound.
Basis basis_of_blocked(const EphemeralPorts& ports) {
    return ports.explicit_known && ports.hidden_bound == 0 ? Basis::measured : Basis::inferred;
}

Value blocked(const NetnsInput& s) {
    if (!s.ports->ports) {
        return s.ports->ports.error();
    }
    return Value(s.ports->ports->blocked_count, basis_of_blocked(*s.ports->ports));
}

Value blocked_percent(const NetnsInput& s) {
    if (!s.ports->ports) {
        return s.ports->ports.error();
    }
    const EphemeralPorts& ports = *s.ports->ports;
    const double percent = ports.usable > 0 ? 100.0 * ports.blocked_count / ports.usable : 100.0;
    return {percent, basis_of_blocked(ports)};
}

/// The blocked ports by what blocks them; a port that several block counts with the first.
struct Blockers {
    PortSet listeners;
    PortSet bound; // and not connected
    PortSet clients;
};

Blockers blockers_of(const NetnsInput& s) {
    const PortSet& blocked = s.ports->ports->blocked;
    Blockers by;
    for (const snapshot::Listener& listener : s.netns->sockets.listeners()) {
        by.listeners[listener.port] = blocked[listener.port];
    }
    if (const PortSet* bound = s.netns->sockets.bound_ports()) {
        by.bound = *bound & blocked & ~by.listeners;
    }
    by.clients = blocked & ~by.listeners & ~by.bound;
    return by;
}

Value blocked_by_listeners(const NetnsInput& s) {
    return s.ports->ports ? Value(static_cast<double>(blockers_of(s).listeners.count()))
                          : Value(s.ports->ports.error());
}

Value blocked_by_whom(const NetnsInput& s) {
    if (!s.ports->ports) {
        return s.ports->ports.error();
    }
    const Blockers by = blockers_of(s);
    std::array<std::pair<std::size_t, std::string_view>, 3> counts = {
        {{by.listeners.count(), "sockets that listen"},
         {by.bound.count(), "sockets that are bound and not connected"},
         {by.clients.count(), "clients that bound them"}}};
    std::stable_sort(counts.begin(), counts.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> parts;
    for (const auto& [count, whom] : counts) {
        if (count > 0) {
            parts.push_back(fmt::format(
                "{} by {}", count == s.ports->ports->blocked_count ? "all" : std::to_string(count), whom));
        }
    }
    return Value(parts.empty() ? std::string("none") : base::join(parts, ", "));
}

Value bound_port(const NetnsInput& s) {
    const PortSet* bound = s.netns->sockets.bound_ports();
    if (bound == nullptr) {
        return base::Gap{"bound sockets", base::Why::not_collected, {}};
    }
    if (!s.ports->ports) {
        return s.ports->ports.error();
    }
    const PortSet ports = blockers_of(s).bound;
    for (std::size_t port = 0; port < ports.size(); ++port) {
        if (ports[port]) {
            return static_cast<double>(port);
        }
    }
    return base::Gap{"bound sockets", base::Why::absent, "none blocks a port"};
}

Value sysctl(const NetnsInput& s, std::string_view name) {
    return value_of(s.sysctls.integer(name));
}

Value counter(const NetnsInput& s, Counter which) {
    return value_of(s.netns->counters.get(which));
}

Value ehash_entries(const NetnsInput& s) {
    const auto entries = s.sysctls.integer("net.ipv4.tcp_ehash_entries");
    return entries
               ? Value(std::abs(static_cast<double>(*entries))) // negative: shared with the initial namespace
               : Value(entries.error());
}

Value tw_reuse_delay(const NetnsInput& s) {
    const auto delay = s.sysctls.integer("net.ipv4.tcp_tw_reuse_delay");
    return delay ? Value(static_cast<double>(*delay)) : Value(default_reuse_delay_ms, Basis::inferred);
}

Value worst_ports(const NetnsInput& s, double WorstPorts::*which) {
    if (const auto gap = s.ports->incomplete()) {
        return *gap;
    }
    if (which == &WorstPorts::load_percent && s.netns->provenance.no_timers) {
        return *s.netns->provenance.no_timers;
    }
    if (!s.worst) {
        s.worst = s.ports->worst();
    }
    return {(*s.worst).*which, Basis::inferred};
}

Value accept_queue_percent(const NetnsInput& s) {
    if (const auto& gap = s.netns->incomplete_sockets()) {
        return *gap;
    }
    if (s.netns->source != snapshot::SocketSource::sock_diag) {
        return unknown_backlog();
    }
    double worst = 0;
    for (const snapshot::Listener& listener : s.netns->sockets.listeners()) {
        worst = std::max(worst, queue_percent(listener));
    }
    return worst;
}

Value close_wait_leaked(const NetnsInput& s) {
    if (const auto& gap = s.netns->incomplete_sockets()) {
        return *gap;
    }
    constexpr std::size_t minute = 2;
    static_assert(snapshot::close_wait_ages_s[minute] == 60);
    double leaked = 0;
    for (const snapshot::CloseWaitGroup& group : s.netns->sockets.close_waits()) {
        if (group.kind == snapshot::CloseWaitKind::leaked) {
            if (group.all.without_age > 0) {
                return base::Gap{"the age of CLOSE_WAIT sockets", base::Why::failed,
                                 "only sock_diag tells it"};
            }
            leaked += group.all.older[minute];
        }
    }
    return leaked;
}

std::string span_text(double seconds) {
    constexpr double minute = 60;
    constexpr double hour = 60 * minute;
    constexpr double day = 24 * hour;
    const auto count = [](double number, std::string_view unit) {
        const auto whole = static_cast<std::uint64_t>(number);
        return fmt::format("{} {}{}", whole, unit, whole == 1 ? "" : "s");
    };
    return seconds >= day    ? count(seconds / day, "day")
           : seconds >= hour ? count(seconds / hour, "hour")
                             : count(std::max(seconds / minute, 1.0), "minute");
}

/// Counters that stand still on a host without trouble.
struct Trouble {
    Counter counter;
    std::string_view what;
};
constexpr auto troubles = std::to_array<Trouble>({
    {"netstat.TcpExt.ListenOverflows", "accept-queue overflows"},
    {"netstat.TcpExt.TCPReqQFullDrop", "drops by full SYN queues"},
    {"netstat.TcpExt.TCPTimeWaitOverflow", "TIME_WAIT overflows"},
    {"netstat.TcpExt.TCPAbortOnMemory", "resets for lack of memory"},
    {"conntrack.insert_failed", "failed conntrack inserts"},
    {"conntrack.early_drop", "early conntrack drops"},
});

Value since_boot(const NetnsInput& s) {
    std::vector<std::string> counted;
    for (const Trouble& trouble : troubles) {
        const auto count = s.netns->counters.get(trouble.counter);
        if (count && *count > 0) {
            counted.push_back(fmt::format("{} {}", *count, trouble.what));
        }
    }
    if (counted.empty()) {
        return std::string();
    }
    const std::string since = is_initial(*s.netns) && s.earlier.uptime
                                  ? fmt::format("since boot {} ago", span_text(*s.earlier.uptime))
                                  : "since this network namespace began";
    return base::join(counted, ", ") + " " + since;
}

Value inferred(const Expected& expected) {
    return expected ? Value(*expected, Basis::inferred) : Value(expected.error());
}

template <Counter counter>
requires(counter.is_kept()) Value rate(const NetnsInput& s) {
    return value_of(s.earlier.rates.per_second(counter));
}

Value retransmit_percent(const NetnsInput& s) {
    const auto again = s.earlier.rates.per_second("snmp.Tcp.RetransSegs");
    const auto sent = s.earlier.rates.per_second("snmp.Tcp.OutSegs");
    if (again && sent && *sent <= 0) {
        return Gap{"retransmit_percent", Why::absent, "nothing was sent"};
    }
    return percent_of(again, sent);
}

/// The sum of gauges; a protocol that the kernel does not have counts for nothing.
snapshot::Reading<double> sum(const snapshot::Counters& counters, std::span<const Counter> gauges) {
    double all = 0;
    for (const Counter gauge : gauges) {
        const auto value = counters.get(gauge);
        if (!value && value.error().why != Why::absent) {
            return value.error();
        }
        all += value ? static_cast<double>(*value) : 0;
    }
    return all;
}

/// Sockets of all kinds that some list of this namespace holds. Without /proc/net/protocols those of UNIX and
/// netlink are missing.
snapshot::Reading<double> in_lists(const snapshot::Counters& counters) {
    constexpr Counter known[] = {"sockstat.TCP.inuse",   "sockstat6.TCP6.inuse",   "sockstat.UDP.inuse",
                                 "sockstat6.UDP6.inuse", "sockstat.UDPLITE.inuse", "sockstat6.UDPLITE6.inuse",
                                 "sockstat.RAW.inuse",   "sockstat6.RAW6.inuse"};
    if (const auto all = counters.get("protocols.all.sockets")) {
        return static_cast<double>(*all);
    }
    return sum(counters, known);
}

/// Allocated and in no table. `alloc` counts TCP sockets of all namespaces, `used` sockets of all kinds here:
/// the smaller rest holds both back.
Value dead_sockets(const NetnsInput& s) {
    constexpr Counter tcp[] = {"sockstat.TCP.inuse", "sockstat6.TCP6.inuse"};
    const snapshot::Counters& counters = s.netns->counters;
    const auto allocated = counters.get("sockstat.TCP.alloc");
    const auto used = counters.get("sockstat.sockets.used");
    const auto in_tables = sum(counters, tcp);
    const auto listed = in_lists(counters);
    for (const auto* reading : {&allocated, &used}) {
        if (!*reading) {
            return reading->error();
        }
    }
    for (const auto* reading : {&in_tables, &listed}) {
        if (!*reading) {
            return reading->error();
        }
    }
    const double dead =
        std::min(static_cast<double>(*allocated) - *in_tables, static_cast<double>(*used) - *listed);
    return {std::max(dead, 0.0), Basis::inferred};
}

Value dead_socket_growth(const NetnsInput& s) {
    Value dead = dead_sockets(s);
    if (!dead.known()) {
        return dead;
    }
    if (!s.earlier.leak.known()) {
        return Gap{"dead_socket_growth", Why::absent, "no runs over the last 50 minutes"};
    }
    const auto count = static_cast<std::uint32_t>(dead.number());
    return {s.earlier.leak.per_second(level_key_of_dead_sockets(), count), Basis::inferred};
}

Value udp_sockets_of(const NetnsInput& s) {
    const auto count = udp_sockets(*s.netns);
    return count ? Value(*count) : counter(s, "sockstat.UDP.inuse");
}

constexpr auto netns_getters = std::to_array<Getter<NetnsInput>>({
    {"established", in_state<TcpState::established>},
    {"established_retrying", established_retrying},
    {"syn_sent", in_state<TcpState::syn_sent>},
    {"syn_recv", in_state<TcpState::syn_recv>},
    {"fin_wait1", in_state<TcpState::fin_wait1>},
    {"fin_wait2", in_state<TcpState::fin_wait2>},
    {"fin_wait", fin_wait},
    {"time_wait", in_state<TcpState::time_wait>},
    {"close", in_state<TcpState::close>},
    {"close_wait", in_state<TcpState::close_wait>},
    {"last_ack", in_state<TcpState::last_ack>},
    {"listen", in_state<TcpState::listen>},
    {"closing", in_state<TcpState::closing>},
    {"bound", bound},
    {"destinations", destinations},
    {"range_low", [](const NetnsInput& s) { return of_range(s, [](const snapshot::PortRange& r) { return r.low; }); }},
    {"range_high", [](const NetnsInput& s) { return of_range(s, [](const snapshot::PortRange& r) { return r.high; }); }},
    {"range_size", [](const NetnsInput& s) { return of_range(s, [](const snapshot::PortRange& r) { return r.size(); }); }},
    {"reserved", [](const NetnsInput& s) { return of_netns(s, [](const EphemeralPorts& p) { return p.reserved; }); }},
    {"reserved_percent",
     [](const NetnsInput& s) { return of_netns(s, [](const EphemeralPorts& p) { return 100.0 * p.reserved / p.range.size(); }); }},
    {"usable", [](const NetnsInput& s) { return of_netns(s, [](const EphemeralPorts& p) { return p.usable; }); }},
    {"blocked", blocked},
    {"blocked_percent", blocked_percent},
    {"blocked_by_listeners", blocked_by_listeners},
    {"blocked_by_whom", blocked_by_whom},
    {"bound_port", bound_port},
    {"tw_reuse", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_tw_reuse"); }},
    {"tw_reuse_delay", tw_reuse_delay},
    {"timestamps", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_timestamps"); }},
    {"fin_timeout", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_fin_timeout"); }},
    {"retries2", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_retries2"); }},
    {"somaxconn", [](const NetnsInput& s) { return sysctl(s, "net.core.somaxconn"); }},
    {"syncookies", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_syncookies"); }},
    {"max_tw_buckets", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_max_tw_buckets"); }},
    {"tw_buckets", [](const NetnsInput& s) { return counter(s, "sockstat.TCP.tw"); }},
    {"udp_sockets", udp_sockets_of},
    {"tw_bucket_percent",
     [](const NetnsInput& s) {
         return percent_of(s.netns->counters.get("sockstat.TCP.tw"),
                           s.sysctls.integer("net.ipv4.tcp_max_tw_buckets"));
     }},
    {"ehash_entries", ehash_entries},
    {"own_tw_buckets",
     [](const NetnsInput& s) {
         const Value entries = ehash_entries(s);
         return entries.known() ? Value(entries.number() / 2) : entries;
     }},
    {"tw_recycle", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_tw_recycle"); }},
    {"conntrack_count", [](const NetnsInput& s) { return counter(s, "conntrack.count"); }},
    {"conntrack_max", [](const NetnsInput& s) { return sysctl(s, "net.netfilter.nf_conntrack_max"); }},
    {"conntrack_percent",
     [](const NetnsInput& s) {
         return percent_of(s.netns->counters.get("conntrack.count"),
                           s.sysctls.integer("net.netfilter.nf_conntrack_max"));
     }},
    {"listen_overflows", [](const NetnsInput& s) { return counter(s, "netstat.TcpExt.ListenOverflows"); }},
    {"since_boot", since_boot},
    {"time_wait_overflows", [](const NetnsInput& s) { return counter(s, "netstat.TcpExt.TCPTimeWaitOverflow"); }},
    {"ports_used_percent", [](const NetnsInput& s) { return worst_ports(s, &WorstPorts::used_percent); }},
    {"ports_load_percent", [](const NetnsInput& s) { return worst_ports(s, &WorstPorts::load_percent); }},
    {"accept_queue_percent", accept_queue_percent},
    {"close_wait_leaked", close_wait_leaked},
    {"rate_interval", [](const NetnsInput& s) { return value_of(s.earlier.rates.interval()); }},
    {"listen_overflow_rate", rate<"netstat.TcpExt.ListenOverflows">},
    {"listen_drop_rate", rate<"netstat.TcpExt.ListenDrops">},
    {"syn_queue_drop_rate", rate<"netstat.TcpExt.TCPReqQFullDrop">},
    {"syn_cookie_rate", rate<"netstat.TcpExt.SyncookiesSent">},
    {"time_wait_overflow_rate", rate<"netstat.TcpExt.TCPTimeWaitOverflow">},
    {"time_wait_reuse_rate", rate<"netstat.TcpExt.TWRecycled">},
    {"memory_abort_rate", rate<"netstat.TcpExt.TCPAbortOnMemory">},
    {"timeout_abort_rate", rate<"netstat.TcpExt.TCPAbortOnTimeout">},
    {"prune_rate", rate<"netstat.TcpExt.PruneCalled">},
    {"active_open_rate", rate<"snmp.Tcp.ActiveOpens">},
    {"passive_open_rate", rate<"snmp.Tcp.PassiveOpens">},
    {"segment_rate", rate<"snmp.Tcp.OutSegs">},
    {"retransmit_percent", retransmit_percent},
    {"conntrack_drop_rate", rate<"conntrack.drop">},
    {"conntrack_insert_failed_rate", rate<"conntrack.insert_failed">},
    {"conntrack_early_drop_rate", rate<"conntrack.early_drop">},
    {"conntrack_time_wait",
     [](const NetnsInput& s) { return sysctl(s, "net.netfilter.nf_conntrack_tcp_timeout_time_wait"); }},
    {"max_syn_backlog", [](const NetnsInput& s) { return sysctl(s, "net.ipv4.tcp_max_syn_backlog"); }},
    {"expected_rate", [](const NetnsInput& s) { return value_of(expected_rate(s.expected)); }},
    {"expected_destinations", [](const NetnsInput& s) { return value_of(expected_destinations(s.expected)); }},
    {"expected_hold", [](const NetnsInput& s) { return value_of(expected_hold(s.expected)); }},
    {"expected_open", [](const NetnsInput& s) { return value_of(expected_open(s.expected)); }},
    {"expected_time_wait", [](const NetnsInput& s) { return value_of(expected_time_wait(s.expected)); }},
    {"expected_port_time",
     [](const NetnsInput& s) { return inferred(expected_port_time(s.expected, reuse_settings(s.sysctls))); }},
    {"expected_ports",
     [](const NetnsInput& s) { return inferred(expected_ports(s.expected, reuse_settings(s.sysctls))); }},
    {"expected_ports_percent",
     [](const NetnsInput& s) {
         return inferred(expected_ports_percent(s.expected, reuse_settings(s.sysctls), s.ports->ports));
     }},
    {"expected_conntrack",
     [](const NetnsInput& s) {
         const auto linger = s.sysctls.integer("net.netfilter.nf_conntrack_tcp_timeout_time_wait");
         return inferred(expected_conntrack(
             s.expected, linger ? static_cast<double>(*linger) : conntrack_linger_seconds));
     }},
    {"expected_memory", [](const NetnsInput& s) { return inferred(expected_memory(s.expected)); }},
    {"boot_tw_reuse", [](const NetnsInput& s) { return number_at_boot(*s.netns, "net.ipv4.tcp_tw_reuse"); }},
    {"boot_timestamps", [](const NetnsInput& s) { return number_at_boot(*s.netns, "net.ipv4.tcp_timestamps"); }},
    {"boot_no_assignments", [](const NetnsInput& s) { return no_assignments(*s.netns); }},
    {"boot_no_assignment", [](const NetnsInput& s) { return first_no_assignment(*s.netns); }},
    {"dead_sockets", dead_sockets},
    {"dead_socket_growth", dead_socket_growth},
});
static_assert(follows(facts::netns_columns, netns_getters));

/// Counters and sysctls of the whole host, from the first namespace that has them.
struct HostRow {
    const snapshot::Host* host;
    Assumptions assumed;
    snapshot::Reading<std::uint64_t> counter(Counter which) const {
        snapshot::Reading<std::uint64_t> found = base::Gap{std::string(which.key()), base::Why::absent, {}};
        for (const snapshot::Netns& netns : host->namespaces) {
            if (found = netns.counters.get(which); found) {
                break;
            }
        }
        return found;
    }
    snapshot::Reading<std::vector<std::int64_t>> sysctl(std::string_view name, std::size_t numbers) const {
        snapshot::Reading<std::vector<std::int64_t>> found =
            base::Gap{std::string(name), base::Why::absent, {}};
        if (const auto given = assumed.find(std::string(name)); given != assumed.end()) {
            snapshot::Sysctls only;
            only.set(name, given->second);
            return only.integers(name, numbers);
        }
        for (const snapshot::Netns& netns : host->namespaces) {
            if (found = netns.sysctls.integers(name, numbers);
                found || found.error().why != base::Why::absent) {
                break;
            }
        }
        return found;
    }
    snapshot::Reading<std::int64_t> number(std::string_view name, std::size_t numbers,
                                           std::size_t which) const {
        const auto found = sysctl(name, numbers);
        if (!found) {
            return found.error();
        }
        return (*found)[which];
    }
};

constexpr auto host_getters = std::to_array<Getter<HostRow>>({
    {"kernel", [](const HostRow& h) { return Value(h.host->kernel); }},
    {"orphans", [](const HostRow& h) { return value_of(h.counter("sockstat.TCP.orphan")); }},
    {"max_orphans", [](const HostRow& h) { return value_of(h.number("net.ipv4.tcp_max_orphans", 1, 0)); }},
    {"orphan_percent",
     [](const HostRow& h) {
         return percent_of(h.counter("sockstat.TCP.orphan"), h.number("net.ipv4.tcp_max_orphans", 1, 0));
     }},
    {"tcp_memory", [](const HostRow& h) { return value_of(h.counter("sockstat.TCP.mem")); }},
    {"tcp_memory_pressure", [](const HostRow& h) { return value_of(h.number("net.ipv4.tcp_mem", 3, 1)); }},
    {"tcp_memory_limit", [](const HostRow& h) { return value_of(h.number("net.ipv4.tcp_mem", 3, 2)); }},
    {"tcp_memory_percent",
     [](const HostRow& h) {
         return percent_of(h.counter("sockstat.TCP.mem"), h.number("net.ipv4.tcp_mem", 3, 2));
     }},
    {"tcp_allocated", [](const HostRow& h) { return value_of(h.counter("sockstat.TCP.alloc")); }},
    {"files_open", [](const HostRow& h) { return value_of(h.counter("files.open")); }},
    {"files_max", [](const HostRow& h) { return value_of(h.counter("files.max")); }},
    {"files_percent",
     [](const HostRow& h) { return percent_of(h.counter("files.open"), h.counter("files.max")); }},
    {"most_queued", [](const HostRow& h) { return Value(most_queued(*h.host)); }},
});
static_assert(follows(facts::host_columns, host_getters));

} // namespace

std::unique_ptr<facts::Table> host_table(const snapshot::Host& host, const Assumptions& assumed) {
    return std::make_unique<SingleRowTable<HostRow>>(facts::TableId::host, HostRow{&host, assumed},
                                                     host_getters);
}

std::unique_ptr<facts::Table> netns_table(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                                          std::shared_ptr<const PortModel> ports, const Earlier& earlier,
                                          const Expectation& expected) {
    return std::make_unique<SingleRowTable<NetnsInput>>(
        facts::TableId::netns, NetnsInput{&netns, sysctls, std::move(ports), earlier, expected, {}},
        netns_getters);
}

} // namespace model
