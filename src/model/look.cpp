#include "model/look.h"

#include "model/ports_answer.h"
#include "model/states.h"

#include <array>

namespace model {
namespace {

struct Counter {
    std::string_view key;
    std::string_view what;
};

constexpr auto shown = std::to_array<Counter>({
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
    for (const Counter& counter : shown) {
        const auto from = before.get(counter.key);
        const auto to = now.get(counter.key);
        if (from && to && *to > *from && seconds > 0) {
            moved.push_back({counter.what, static_cast<double>(*to - *from) / seconds});
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
        const snapshot::Namespace& space = host.namespaces[i];
        PortsQuery query;
        query.top = top;
        facts::NamespaceLook& here = look.namespaces.emplace_back();
        here.states = states_answer(space);
        here.ports = ports_answer(space, space.sysctls.assuming(assumed), query);
        if (comparable && before->namespaces[i].id == space.id) {
            here.movements = movements(before->namespaces[i].counters, space.counters, look.seconds);
        }
    }
    return look;
}

} // namespace model
