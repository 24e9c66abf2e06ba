#include "model/port_space.h"

namespace model {
namespace {

using snapshot::Census;

/// The bind bucket of such a port has fastreuse or fastreuseport >= 0, whatever its address and family.
snapshot::PortSet blocked_for_sure(const Census& census) {
    snapshot::PortSet ports;
    for (const snapshot::Listener& listener : census.listeners()) {
        ports.set(listener.port);
    }
    for (const auto& [port, counts] : census.services()) {
        ports.set(port); // accepted children keep the bucket of the listener that is gone
    }
    if (const snapshot::PortSet* explicit_ports = census.explicit_ports()) {
        ports |= *explicit_ports;
    }
    if (const snapshot::PortSet* bound_ports = census.bound_ports()) {
        ports |= *bound_ports;
    }
    return ports;
}

snapshot::PortSet bound_by_address(const snapshot::Namespace& space) {
    snapshot::PortSet ports;
    const Census& census = space.sockets;
    if (space.routed_sources.empty() || census.early_ports() == nullptr) {
        return ports;
    }
    std::vector<bool> off_route(census.flows().size());
    for (std::size_t flow = 0; flow < off_route.size(); ++flow) {
        const auto routed = space.routed_sources.find(census.flows()[flow].remote.to_text());
        off_route[flow] =
            routed != space.routed_sources.end() && !(routed->second == census.flows()[flow].source);
    }
    for (std::size_t i = 0; i < census.record_count(); ++i) {
        const snapshot::Record& record = census.record(i);
        if (off_route[record.flow] && census.early_ports()->test(record.port)) {
            ports.set(record.port);
        }
    }
    return ports;
}

} // namespace

snapshot::PortSet ports_of(const snapshot::PortRange& range) {
    const std::size_t beyond = snapshot::PortSet().size() - range.size();
    return (~snapshot::PortSet() >> beyond) << range.low; // a word at a time
}

snapshot::Reading<std::uint64_t> sockets_outside_tables(const snapshot::Counters& counters) {
    const auto allocated = counters.get("sockstat.TCP.alloc");
    const auto in_use = counters.get("sockstat.TCP.inuse");
    if (!allocated) {
        return allocated.error();
    }
    if (!in_use) {
        return in_use.error();
    }
    const std::uint64_t in_tables = *in_use + counters.get("sockstat6.TCP6.inuse").value_or(0);
    return *allocated > in_tables ? *allocated - in_tables : 0;
}

snapshot::Reading<PortSpace> port_space(const snapshot::Namespace& space, const snapshot::Sysctls& sysctls) {
    const auto range = sysctls.port_range();
    if (!range) {
        return range.error();
    }
    const auto reserved = sysctls.reserved_ports();
    if (!reserved && reserved.error().why != base::Why::absent) {
        return reserved.error();
    }
    PortSpace result;
    result.range = *range;
    const auto running = space.sysctls.port_range();
    result.parity_low = running ? running->low : range->low;
    result.eligible = ports_of(*range) & ~reserved.value_or({});
    result.usable = static_cast<std::uint32_t>(result.eligible.count());
    result.reserved = range->size() - result.usable;
    result.blocked = blocked_for_sure(space.sockets) & result.eligible;
    result.blocked_count = static_cast<std::uint32_t>(result.blocked.count());
    result.probably_bound = bound_by_address(space) & result.eligible;
    result.explicit_known = space.sockets.explicit_ports() != nullptr;
    result.bound_known = space.sockets.bound_ports() != nullptr;
    if (result.bound_known) {
        result.hidden_bound = 0;
    } else if (const auto outside = sockets_outside_tables(space.counters)) {
        result.hidden_bound = static_cast<std::uint32_t>(std::min<std::uint64_t>(*outside, 65536));
    }
    return result;
}

} // namespace model
