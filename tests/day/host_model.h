// A simulated host: services, destinations and gauges, a timetable of what happens to them, and the snapshot
// that the kernel would give of it. What kind of host it is, is said in hosts.cpp.
#pragma once

#include "snapshot/host.h"
#include "tests/day/service.h"
#include "tests/day/upstream.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace day {

constexpr int second = 1;
constexpr int minute = 60;
constexpr int hour = 3600;

/// Numbers of the host that no connection here explains.
struct Gauges {
    double tcp_pages = 2'000;   // memory of all TCP sockets
    double dead_sockets = 40;   // reset or not connected yet, not closed
    double pod_sockets = 0;     // TCP sockets of other network namespaces
    double other_sockets = 250; // of this namespace: UNIX, netlink
    double open_files = 5'000;  // of the host, beside its connections
    double conntrack = 0;       // entries; 0: this host has no conntrack
    double conntrack_more = 0;  // of these, the ones of an incident
    double conntrack_most = 262'144;
    double lost_races = 0; // a second: two packets of one flow at once
};

class HostModel {
  public:
    using Action = std::function<void(HostModel&)>;

    /// `begin`: the moment that the model starts at, in seconds since midnight.
    HostModel(std::string name, std::uint64_t seed, double begin);

    KernelModel kernel;
    Gauges gauges;
    Action every_second; // sets the loads of the hour

    Service& add(const std::string& name, Service::Traits traits);
    Upstream& add(const std::string& name, Upstream::Traits traits);
    Service& service(const std::string& name) { return *services_.at(name); }
    Upstream& upstream(const std::string& name) { return *upstreams_.at(name); }
    const Upstream& upstream(const std::string& name) const { return *upstreams_.at(name); }

    void set_sysctl(const std::string& name, const std::string& text) { sysctls_.set(name, text); }
    /// `net.ipv4.ip_local_port_range` changes at runtime.
    void change_port_range(snapshot::PortRange range);

    /// What is in the past already does not happen.
    void at(double moment, Action action) {
        if (moment >= kernel.now) {
            timetable_.emplace(moment, std::move(action));
        }
    }
    void run_to(double moment);

    /// What the kernel says `late` (less than one) seconds after the moment that the model has come to.
    snapshot::Host snapshot(double late) const;
    /// What it says when asked for more.
    void answer(const snapshot::Request& request, snapshot::Host& host) const;

    const std::string& name() const { return name_; }

  private:
    void fill(snapshot::Counters& counters) const;
    snapshot::Owners owners() const;

    std::string name_;
    std::map<std::string, std::unique_ptr<Service>> services_;
    std::map<std::string, std::unique_ptr<Upstream>> upstreams_;
    std::multimap<double, Action> timetable_;
    snapshot::Sysctls sysctls_;
};

} // namespace day
