// What all connections of a simulated host share, as a kernel has it: counters that only grow, gauges, and
// the few settings that connections obey. Knows nothing of services and destinations.
#pragma once

#include "snapshot/sysctls.h"
#include "tests/day/random.h"

#include <cmath>
#include <cstdint>

namespace day {

/// Since the boot. What /proc calls them is said in host_model.cpp.
struct Counted {
    std::uint64_t listen_overflows = 0;
    std::uint64_t listen_drops = 0;
    std::uint64_t syn_queue_drops = 0;
    std::uint64_t syn_cookies = 0;
    std::uint64_t time_wait_overflows = 0;
    std::uint64_t memory_aborts = 0;
    std::uint64_t active_opens = 0;
    std::uint64_t passive_opens = 0;
    std::uint64_t segments_sent = 0;
    std::uint64_t segments_sent_again = 0;
    std::uint64_t conntrack_drops = 0;
    std::uint64_t conntrack_insert_failed = 0;
    std::uint64_t failed_connects = 0; // no kernel counts these: connect() found no port
};

struct KernelModel {
    KernelModel(std::uint64_t seed, double begin) : random(seed), now(begin) {}

    Random random;
    double now; // seconds since midnight

    snapshot::PortRange ports{32768, 60999};
    std::uint32_t most_time_waits = 262'144;
    bool syn_cookies = true;

    Counted counted;
    std::uint32_t time_waits = 0; // timewait mini-sockets
    std::uint32_t orphans = 0;
    double loss = 0.002; // share of segments that must be sent again
    std::uint64_t last_cookie = 0;

    void send(double segments) {
        counted.segments_sent += random.events(segments);
        counted.segments_sent_again += random.events(segments * loss);
    }

    /// False at the limit: then the connection ends without TIME_WAIT.
    bool enter_time_wait() {
        if (time_waits >= most_time_waits) {
            ++counted.time_wait_overflows;
            return false;
        }
        ++time_waits;
        return true;
    }
    void leave_time_wait() { --time_waits; }
};

/// When a TIME_WAIT of this moment goes: after 60 s, at the next tick of its level of the timer wheel
/// (HZ=250).
inline double end_of_time_wait(double begin) {
    constexpr double tick = 2.048;
    return std::ceil((begin + 60) / tick) * tick;
}

/// A program of the host: who holds sockets.
struct Program {
    const char* command = "";
    const char* unit = ""; // "orders.service"
    std::uint32_t pid = 0;
    std::uint32_t uid = 0;
    std::uint64_t cgroup = 0;
    std::uint64_t file_limit = 65536;
};

} // namespace day
