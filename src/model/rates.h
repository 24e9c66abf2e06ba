// How fast counters grow: between now and the newest sample that is at least half a minute old, so that a run
// right after another one does not make a rate out of two events. Never since the boot.
#pragma once

#include "facts/table.h"
#include "history/samples.h"
#include "snapshot/host.h"

#include <cstdint>
#include <string_view>

namespace model {

/// Seconds; the shortest time that a rate is taken over.
constexpr double shortest_interval = 30;

class Rates {
  public:
    /// `history` is that of the namespace; null if there is none, because of `unusable_because`. `shortest`:
    /// the least time that a rate is taken over, in seconds.
    Rates(const snapshot::Netns& netns, const history::NetnsHistory* history, double uptime,
          std::string unusable_because, double shortest = shortest_interval,
          base::Why why_missing = base::Why::absent);

    /// Growth of a counter that samples hold, per second. Missing without an earlier sample, and where the
    /// counter went back: then it counts something else now.
    snapshot::Reading<double> per_second(snapshot::Counter counter) const;
    /// The time that all rates are taken over, in seconds.
    snapshot::Reading<double> interval() const;

  private:
    const snapshot::Netns* netns_;
    const history::Sample* earlier_ = nullptr;
    double uptime_;
    base::Gap without_;
};

// How fast numbers of long-lived sockets grow: lastingly, so that a wave of reconnects is no trend. And the
// sample that this run leaves for the next ones.

constexpr double least_growth = 0.01; // sockets per second: less is no trend

class Growth {
  public:
    Growth() = default;
    /// `history` is that of the namespace, or null.
    /// `near` and `far`: the least length of the two times that are compared, in seconds.
    Growth(const history::NetnsHistory* history, double uptime, double near = shortest_interval,
           double far = 240);

    bool known() const { return far_ != nullptr; }

    /// Sockets per second: the lower of the growth in the near time and in the far one before it. Only if it
    /// is known.
    double per_second(std::uint64_t key, std::uint32_t now) const;

  private:
    const history::Sample* near_ = nullptr;
    const history::Sample* far_ = nullptr;
    double uptime_ = 0;
};

/// The connections of a destination that stay: all but TIME_WAIT and attempts.
std::uint64_t level_key_of_destination(std::string_view source, std::string_view remote,
                                       std::uint32_t device);
/// Sockets that are in no table.
std::uint64_t level_key_of_dead_sockets();
/// CLOSE_WAIT sockets of an owner that cost a descriptor.
std::uint64_t level_key_of_owner(std::string_view owner);

/// Counters, the busiest destinations and the owners of CLOSE_WAIT sockets.
history::Sample sample_of(const snapshot::Netns& netns, const facts::NetnsFacts& facts, double uptime);

} // namespace model
