#include "tests/model/spaces.h"

namespace tests {

snapshot::Netns netns() {
    snapshot::Netns made;
    made.label = "this namespace";
    made.source = snapshot::SocketSource::sock_diag;
    made.sysctls.set("net.ipv4.ip_local_port_range", "40000\t40999");
    made.sysctls.set("net.ipv4.ip_local_reserved_ports", "");
    made.sysctls.set("net.ipv4.tcp_tw_reuse", "0");
    made.sysctls.set("net.ipv4.tcp_timestamps", "1");
    made.sysctls.set("net.ipv4.tcp_tw_reuse_delay", "1000");
    made.counters.set("sockstat.TCP.alloc", 0);
    made.counters.set("sockstat.TCP.inuse", 0);
    return made;
}

snapshot::Host host_of(snapshot::Netns netns) {
    snapshot::Host host;
    host.kernel = "6.1.0";
    host.namespaces.push_back(std::move(netns));
    return host;
}

void add_time_waits(snapshot::Netns& netns, std::uint16_t first, std::uint16_t count, std::uint16_t step,
                    std::uint32_t age_ms) {
    for (std::uint16_t i = 0; i < count; ++i) {
        netns.sockets.add(time_wait(here, static_cast<std::uint16_t>(first + i * step), there, 80, age_ms));
    }
}

facts::Destination towards(const snapshot::Netns& netns, const char* to) {
    model::PortsQuery query;
    query.to = snapshot::parse_end_point(to);
    return model::ports_answer(netns, netns.sysctls, query).destinations.at(0);
}

} // namespace tests
