// Which systemd unit or container a control group belongs to, by its path alone. Paths come from whoever may
// make control groups: what is taken from them is made printable.
#pragma once

#include <string>
#include <string_view>

namespace model {

struct Service {
    std::string unit;      // "nginx.service", "app.service (user 1000)"; empty if none
    std::string container; // "docker 3f2a9c0d1e2f", "lxc web1"; empty if none

    bool known() const { return !unit.empty() || !container.empty(); }
    /// "nginx.service", "docker 3f2a9c0d1e2f", "nginx.service in lxc web1".
    std::string name() const;
    /// The unit, if systemctl outside of containers can restart it and nothing else ends with it; empty if
    /// not.
    std::string restartable() const;
};

/// None for the root, for sessions of users and for what lies outside of any unit: such a group holds
/// programs that have nothing to do with each other.
Service service_of(std::string_view cgroup_path);

} // namespace model
