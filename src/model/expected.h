// The load that is to come, as the options of audit give it. Plain data.
#pragma once

#include "model/tally.h"
#include "model/time_wait.h"

#include <optional>

namespace model {

struct Expectation {
    std::optional<double> rate;         // new connections a second, all together
    std::optional<double> destinations; // that they are spread over evenly; none: they come in
    std::optional<double> hold;         // seconds that each stays open
};

// What the load to come will need. Pure arithmetic; what was not given is missing by design.

/// How long conntrack remembers a connection that was closed, if nf_conntrack_tcp_timeout_time_wait is
/// unknown.
constexpr double conntrack_linger_seconds = 120;
/// Kernel memory of an open connection with modest buffers in use: two pages.
constexpr double pages_a_connection = 2;

using Expected = base::Result<double, base::Gap>;

Expected expected_rate(const Expectation& load);
Expected expected_destinations(const Expectation& load);
Expected expected_hold(const Expectation& load);

/// Connections open at the same time, rounded up.
Expected expected_open(const Expectation& load);
/// Sockets in TIME_WAIT if this side closes first.
Expected expected_time_wait(const Expectation& load);
/// Entries of conntrack, rounded up, if each stays for `linger` seconds after its connection.
Expected expected_conntrack(const Expectation& load, double linger);
/// Pages of kernel memory.
Expected expected_memory(const Expectation& load);

/// Seconds that one connection keeps its port from another one to the same destination, if this side closes
/// first. Reuse is taken to apply where it is switched on for all addresses. Without `hold` it is the least:
/// they are closed at once.
Expected expected_port_time(const Expectation& load, const ReuseSettings& reuse);
/// Ports that connections to one destination hold at the same time.
Expected expected_ports(const Expectation& load, const ReuseSettings& reuse);
/// The same as a share of the ports that connect() can take.
Expected expected_ports_percent(const Expectation& load, const ReuseSettings& reuse, const KnownPorts& ports);

} // namespace model
