#include "tests/day/host_model.h"

#include <algorithm>

#include <fmt/format.h>

namespace day {
namespace {

constexpr double midnight = 1'790'000'000 - 1'790'000'000 % 86'400; // seconds since the epoch
constexpr double up_at_midnight = 40 * 86'400;

snapshot::Sysctls usual_sysctls() {
    snapshot::Sysctls sysctls;
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        if (!info.default_value.empty() && info.name != "net.ipv4.tcp_tw_recycle") {
            sysctls.set(info.name, info.default_value);
        }
    }
    sysctls.set("net.ipv4.ip_local_reserved_ports", "");
    sysctls.set("net.ipv4.tcp_max_tw_buckets", "262144");
    sysctls.set("net.ipv4.tcp_max_orphans", "65536");
    sysctls.set("net.ipv4.tcp_mem", "189768\t253024\t379536"); // 16 GiB
    sysctls.set("net.ipv4.tcp_max_syn_backlog", "4096");
    sysctls.set("net.ipv4.tcp_ehash_entries", "524288");
    sysctls.set("net.ipv4.tcp_rmem", "4096\t131072\t6291456");
    sysctls.set("net.ipv4.tcp_wmem", "4096\t16384\t4194304");
    return sysctls;
}

/// The number of the process that runs the program, which has so many sockets more.
std::uint32_t process_of(const Program& program, std::size_t sockets, snapshot::Holders& holders) {
    constexpr std::uint64_t other_files = 200;
    std::vector<snapshot::Process>& all = holders.processes;
    const auto known = std::find_if(all.begin(), all.end(),
                                    [&](const snapshot::Process& each) { return each.pid == program.pid; });
    const auto number = static_cast<std::uint32_t>(known - all.begin());
    if (known == all.end()) {
        all.push_back({program.pid, program.uid, program.command,
                       fmt::format("/system.slice/{}", program.unit), program.file_limit, other_files});
    }
    *all[number].open_files += sockets;
    return number;
}

std::uint64_t whole(double number) {
    return static_cast<std::uint64_t>(std::max(number, 0.0));
}

} // namespace

HostModel::HostModel(std::string name, std::uint64_t seed, double begin)
    : kernel(seed, begin), name_(std::move(name)), sysctls_(usual_sysctls()) {}

Service& HostModel::add(const std::string& name, Service::Traits traits) {
    return *(services_[name] = std::make_unique<Service>(traits));
}

Upstream& HostModel::add(const std::string& name, Upstream::Traits traits) {
    return *(upstreams_[name] = std::make_unique<Upstream>(traits, kernel));
}

void HostModel::change_port_range(snapshot::PortRange range) {
    set_sysctl("net.ipv4.ip_local_port_range", fmt::format("{}\t{}", range.low, range.high));
    kernel.ports = range;
    for (const auto& [name, upstream] : upstreams_) {
        upstream->change_range(range);
    }
}

void HostModel::run_to(double moment) {
    while (kernel.now + 1 <= moment) {
        ++kernel.now;
        every_second(*this);
        for (; !timetable_.empty() && timetable_.begin()->first <= kernel.now;
             timetable_.erase(timetable_.begin())) {
            timetable_.begin()->second(*this);
        }
        for (const auto& [name, service] : services_) {
            service->step(kernel);
        }
        for (const auto& [name, upstream] : upstreams_) {
            upstream->step(kernel);
        }
    }
}

snapshot::Host HostModel::snapshot(double late) const {
    snapshot::Host host;
    host.name = name_;
    host.kernel = "6.8.0-45-generic";
    host.time = midnight + kernel.now + late;
    host.boot_id = "00000000-0000-4000-8000-00000000da15";
    host.uptime = up_at_midnight + kernel.now + late;
    snapshot::Netns& netns = host.namespaces.emplace_back();
    netns.label = "this namespace";
    netns.id = 4'026'531'840;
    netns.cookie = 1;
    netns.sysctls = sysctls_;
    netns.source = snapshot::SocketSource::sock_diag;
    if (gauges.conntrack > 0) {
        netns.sysctls.set("net.netfilter.nf_conntrack_max", std::to_string(whole(gauges.conntrack_most)));
    }
    fill(netns.counters);
    for (const auto& [name, service] : services_) {
        service->show_listener(netns.sockets);
    }
    for (const auto& [name, service] : services_) {
        service->show(kernel, late, netns.sockets);
    }
    for (const auto& [name, upstream] : upstreams_) {
        upstream->show(kernel, late, netns.sockets);
    }
    return host;
}

void HostModel::fill(snapshot::Counters& counters) const {
    const Counted& counted = kernel.counted;
    double in_use = 0;
    for (const auto& [name, service] : services_) {
        in_use += static_cast<double>(service->full_sockets());
    }
    for (const auto& [name, upstream] : upstreams_) {
        in_use += static_cast<double>(upstream->full_sockets());
    }
    snapshot::Counter::for_each([&](snapshot::Counter counter) {
        if (counter.key().starts_with("netstat.") || counter.key().starts_with("snmp.")) {
            counters.set(counter, 0); // what never happens here
        }
    });
    const auto set = [&](snapshot::Counter counter, std::uint64_t value) { counters.set(counter, value); };
    set("netstat.TcpExt.ListenOverflows", counted.listen_overflows);
    set("netstat.TcpExt.ListenDrops", counted.listen_drops);
    set("netstat.TcpExt.TCPReqQFullDrop", counted.syn_queue_drops);
    set("netstat.TcpExt.SyncookiesSent", counted.syn_cookies);
    set("netstat.TcpExt.TCPTimeWaitOverflow", counted.time_wait_overflows);
    set("netstat.TcpExt.TCPAbortOnMemory", counted.memory_aborts);
    set("snmp.Tcp.ActiveOpens", counted.active_opens);
    set("snmp.Tcp.PassiveOpens", counted.passive_opens);
    set("snmp.Tcp.OutSegs", counted.segments_sent);
    set("snmp.Tcp.RetransSegs", counted.segments_sent_again);
    set("sockstat.TCP.inuse", whole(in_use));
    set("sockstat.TCP.orphan", kernel.orphans);
    set("sockstat.TCP.tw", kernel.time_waits);
    set("sockstat.TCP.alloc", whole(in_use + gauges.dead_sockets + gauges.pod_sockets));
    set("sockstat.TCP.mem", whole(gauges.tcp_pages));
    set("sockstat.sockets.used", whole(in_use + gauges.dead_sockets + gauges.other_sockets));
    set("sockstat6.TCP6.inuse", 0);
    set("files.open", whole(in_use + gauges.dead_sockets + gauges.pod_sockets + gauges.open_files));
    set("files.max", 1'600'000); // 16 GiB
    set("protocols.all.sockets", whole(in_use + gauges.other_sockets));
    if (gauges.conntrack > 0) {
        set("conntrack.count", whole(std::min(gauges.conntrack, gauges.conntrack_most)));
        set("conntrack.drop", counted.conntrack_drops);
        set("conntrack.insert_failed", counted.conntrack_insert_failed);
        set("conntrack.early_drop", 0);
    }
}

snapshot::Owners HostModel::owners() const {
    snapshot::Owners owners;
    for (const auto& [name, upstream] : upstreams_) {
        const std::uint32_t process =
            process_of(upstream->traits.program, upstream->full_sockets(), owners.holders);
        upstream->show_holders(process, owners.holders.sockets);
    }
    for (const auto& [name, service] : services_) {
        const std::uint32_t process =
            process_of(service->traits.program, service->full_sockets(), owners.holders);
        owners.holders.sockets.push_back({service->inode(), process, 6});
    }
    std::sort(owners.holders.sockets.begin(), owners.holders.sockets.end(),
              [](const auto& a, const auto& b) { return a.inode < b.inode; });
    return owners;
}

void HostModel::answer(const snapshot::Request& request, snapshot::Host& host) const {
    snapshot::Netns& netns = host.namespaces.at(request.place);
    if (request.explicit_binds) {
        for (const snapshot::Listener& listener : netns.sockets.listeners()) {
            snapshot::Socket socket;
            socket.local_port = listener.port;
            netns.sockets.add_explicit(socket);
        }
        netns.sockets.explicit_binds_complete();
    }
    if (request.bound_sockets) {
        netns.sockets.bound_complete(); // there are none
    }
    if (!request.queue_ports.empty()) {
        netns.queue_ports = request.queue_ports;
        netns.waits = base::Nothing{}; // the snapshot has their ages
    }
    if (request.queue_owners) {
        netns.queue_owners = owners();
    }
    if (request.owners_of_age_ms) {
        netns.owners = owners();
    }
}

} // namespace day
