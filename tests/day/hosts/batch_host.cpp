// Idle by day; at night it moves many small objects, each by a connection of its own.
#include "tests/day/hosts.h"

namespace day {
namespace {

void work(HostModel& host, const char* with, double from, double to, double rate) {
    host.at(from, [with, rate](HostModel& batch) { batch.upstream(with).rate = rate; });
    host.at(to, [with](HostModel& batch) { batch.upstream(with).rate = 0; });
}

} // namespace

HostModel batch_host(double begin) {
    HostModel host("batch", 33, begin);
    const Program job{"python3", "nightly.service", 600, 1000, 601};
    const Program sshd{"sshd", "ssh.service", 500, 0, 501, 1024};
    host.add("ssh", Service::Traits{.address = "0.0.0.0", .port = 22, .backlog = 128, .program = sshd})
        .clients = 5;
    host.add("store", Upstream::Traits{"10.2.0.2", "10.2.0.9", 443, job}).traits.hold = 0.2;
    host.add("warehouse", Upstream::Traits{"10.2.0.2", "10.2.0.10", 5432, job});
    host.add("metrics", Upstream::Traits{"10.2.0.2", "10.2.0.11", 9091, job}).rate = 0.5;
    host.add("backup", Upstream::Traits{"10.2.0.2", "10.2.0.12", 22, job});
    host.every_second = [](HostModel& batch) { batch.gauges.dead_sockets = 15; };
    // every quarter of an hour 16 800 objects in 42 s: 60 % of the ports, looked at in every phase of it
    for (int burst = 0; burst < 16; ++burst) {
        const double from = moment(1, 15) + burst * 900 + burst * 4;
        work(host, "store", from, from + 42, 400);
    }
    work(host, "warehouse", moment(3, 0), moment(3, 25), 150);
    work(host, "warehouse", moment(4, 30), moment(4, 40), 210);
    work(host, "warehouse", moment(12, 0), moment(12, 5), 90);
    host.at(moment(2, 0), [](HostModel& batch) { batch.upstream("backup").pool = 8; });
    host.at(moment(4, 0), [](HostModel& batch) { batch.upstream("backup").pool = 0; });
    return host;
}

} // namespace day
