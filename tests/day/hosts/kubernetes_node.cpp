// A node of a cluster, seen from its own network namespace: probes to many pods, conntrack for all of them,
// and sockets of other namespaces that only the sums of /proc/net/sockstat show.
#include "tests/day/hosts.h"
#include "tests/day/hosts/curves.h"

#include <fmt/format.h>

namespace day {
namespace {

constexpr int most_pods = 65;

std::string name_of(int pod) {
    return fmt::format("pod-{}", pod);
}

void set_node_loads(HostModel& node) {
    const double now = node.kernel.now;
    // the autoscaler adds pods in the morning
    const double pods = level(now, {{0, 25}, {7, 25}, {9.5, 62}, {20, 62}, {22, 25}, {24, 25}});
    for (int pod = 0; pod < most_pods; ++pod) {
        node.upstream(name_of(pod)).rate = pod < pods ? 0.3 : 0;
    }
    const double traffic =
        restless(now, 0.1) * level(now, {{0, 30}, {6, 30}, {10, 110}, {18, 120}, {24, 30}});
    node.upstream("registry").rate = 0.2;
    node.service("ingress").rate = traffic;
    node.service("ingress").clients = 10 * traffic;
    node.gauges.conntrack = 1200 * traffic + node.gauges.conntrack_more;
    node.gauges.pod_sockets = 1500 + 70 * pods + 10 * traffic;
    node.gauges.other_sockets = 300 + 14 * pods; // each pod brings a shim and its UNIX sockets
    node.gauges.tcp_pages = 10'000 + 100 * traffic;
    node.gauges.dead_sockets = 600 + pods * restless(now, 1); // of kube-proxy, the mesh and their pools
    // two UDP queries at once from one port, mostly: since Linux 5.7 a lost race counts as a drop as well
    const std::uint32_t lost = node.kernel.random.events(4.0 / 60 + node.gauges.lost_races);
    node.kernel.counted.conntrack_insert_failed += lost;
    node.kernel.counted.conntrack_drops += lost;
}

/// New pods look up many names at once.
void roll_out(HostModel& host, double from, double seconds) {
    host.at(from, [](HostModel& node) { node.gauges.lost_races = 1.4; });
    host.at(from + seconds, [](HostModel& node) { node.gauges.lost_races = 0; });
}

} // namespace

HostModel kubernetes_node(double begin) {
    HostModel host("node", 55, begin);
    const Program kubelet{"kubelet", "kubelet.service", 1200, 0, 1201, 1'000'000};
    const Program ingress{"envoy", "ingress.service", 1300, 101, 1301, 1'000'000};
    host.add("kubelet",
             Service::Traits{.address = "0.0.0.0", .port = 10250, .backlog = 4096, .program = kubelet})
        .rate = 1;
    host.add("ingress", Service::Traits{.address = "0.0.0.0",
                                        .port = 443,
                                        .backlog = 4096,
                                        .program = ingress,
                                        .closes_first = 0.5,
                                        .vanishing = 0.005});
    host.add("api", Upstream::Traits{"10.4.0.2", "10.4.0.100", 6443, kubelet}).pool = 12;
    host.add("registry", Upstream::Traits{"10.4.0.2", "10.4.0.101", 5000, kubelet});
    for (int pod = 0; pod < most_pods; ++pod) {
        host.add(name_of(pod),
                 Upstream::Traits{"10.244.3.1", fmt::format("10.244.3.{}", pod + 2), 8080, kubelet});
    }
    host.every_second = set_node_loads;
    host.kernel.loss = 0.004;
    roll_out(host, moment(10, 15, 30), 40);
    roll_out(host, moment(15, 5, 0), 110);
    return host;
}

} // namespace day
