// What earlier runs saw, as plain data: samples of counters and levels, and sockets in CLOSE_WAIT. How they
// are kept is not known here. Times are seconds since the boot, which no change of the clock moves.
#pragma once

#include "snapshot/close_wait.h"
#include "snapshot/counters.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace history {

/// A number of sockets that something held; `key` is the model's.
struct Level {
    std::uint64_t key = 0;
    std::uint32_t count = 0;
};

struct Sample {
    double uptime = 0;
    snapshot::CounterValues counters; // those that are kept for their rate
    std::vector<Level> levels;
    std::uint32_t unlisted_most = 0; // what is not among `levels` had at most so many
};

/// Of one network namespace.
struct NetnsHistory {
    std::vector<Sample> samples; // oldest first
    std::optional<snapshot::WaitingSockets> waiting;

    /// The newest sample that is at least `age` old, and no older than an hour; null if there is none.
    const Sample* before(double uptime, double age) const;
};

/// Samples nearer to each other are not worth keeping: a run by hand a second after the scheduled one must
/// not push that one out.
constexpr double sample_spacing = 10;
constexpr double oldest_sample = 3600;

/// Adds the sample unless the last one is as good, and thins out the old ones: at most about 30 stay. Samples
/// of the future are of another machine and go.
void add(NetnsHistory& history, Sample sample);

struct History {
    double uptime = 0;                    // now
    std::vector<NetnsHistory> namespaces; // in the order of Host::namespaces; none if there is no history
    /// The time between two looks that this run took itself, in seconds: rates are taken over that.
    std::optional<double> looked_twice = std::nullopt;
    /// Why there is none, for those who miss it.
    std::string unusable_because = "no earlier run is known";
    /// There should be one, and nothing could be kept for a day: what needs it is UNKNOWN.
    bool lost_for_long = false;

    const NetnsHistory* of(std::size_t netns) const {
        return netns < namespaces.size() ? &namespaces[netns] : nullptr;
    }
};

} // namespace history
