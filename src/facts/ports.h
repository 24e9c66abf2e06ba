// The port arithmetic of one destination, as the model computes it: the rows of the `destination` table and
// the answer of `tcpadvisor ports`. Plain data; a value that could not be known is empty.
#pragma once

#include "base/gap.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace facts {

struct TimeWaitReuse {
    bool applies = false;
    bool inferred = false;      // no evidence that the other end sends timestamps
    std::uint32_t reusable = 0; // ports
    std::string reason;         // why it applies or not, one clause
};

struct PortHolder {
    std::string name; // process, unit or user; printable
    std::uint32_t ports = 0;
    bool inferred = false;
};

/// Why ports are lost to every destination; each port counts once.
struct BlockedBy {
    std::uint32_t listeners = 0;
    std::uint32_t services = 0;       // accepted connections whose listener is gone
    std::uint32_t bound = 0;          // bound and not connected
    std::uint32_t explicit_binds = 0; // connected after bind() with a port
    std::uint32_t suspected = 0;      // look as if bind() with port 0 had taken them
};

struct Destination {
    std::optional<std::string> local; // none: unknown in a replay
    std::string remote;               // address, without brackets
    std::uint16_t remote_port = 0;
    std::uint32_t device = 0;
    bool loopback = false;

    std::uint32_t connections = 0; // all states
    /// Every state that a connection can have, by netstat name, in the order of its life.
    std::vector<std::pair<std::string, std::uint32_t>> states;
    std::uint32_t established = 0;
    std::uint32_t established_retrying = 0;
    std::uint32_t syn_sent = 0;
    std::uint32_t syn_sent_retried = 0;
    std::uint32_t fin_wait = 0;
    std::uint32_t time_wait = 0;
    std::uint32_t close_wait = 0;
    std::uint32_t lasting = 0;            // established, fin_wait and close_wait
    std::optional<double> lasting_growth; // per second; none without earlier runs

    std::uint32_t usable = 0; // range less reserved
    std::uint32_t in_use = 0;
    std::uint32_t blocked = 0;
    std::uint32_t free = 0;
    std::uint32_t free_min = 0;
    std::uint32_t free_max = 0;
    double used_percent = 0;
    std::string inferred_because; // why free_min and free_max differ; empty if they do not

    TimeWaitReuse reuse;

    /// Why the rates and forecasts that follow mean nothing, and syn_sent_retried with them.
    std::optional<base::Gap> no_timers;
    double births_5s = 0; // per second
    double births_15s = 0;
    double births_60s = 0;
    double turnover = 0;         // ports that connections which end in TIME_WAIT can use
    double port_time = 0;        // seconds that a closed connection keeps its port
    double sustainable_rate = 0; // per second
    double load_percent = 0;
    double load_percent_15s = 0;
    double load_percent_lasting = 0;
    double peak_percent = 0;
    std::optional<double> exhausted_in;        // seconds; none if the rate is sustainable
    std::optional<double> growth_exhausted_in; // seconds; none if `lasting` does not grow

    std::optional<BlockedBy> blocked_by; // both only for a destination that was asked about
    std::vector<PortHolder> holders;     // most ports first
    std::uint32_t on_devices = 0;        // connections between the same ends, bound to another device
};

struct NamespacePorts {
    std::string label;
    std::uint64_t id = 0;
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t size = 0;
    std::uint32_t reserved = 0;
    std::vector<Destination> destinations; // busiest first
    /// Nothing can be computed: no range, or no sockets. Then all numbers above are void.
    std::optional<base::Gap> unknown;
    std::vector<base::Gap> gaps;
};

} // namespace facts
