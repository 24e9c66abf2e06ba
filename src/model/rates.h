// How fast counters grow: between now and the newest sample that is at least half a minute old, so that a run
// right after another one does not make a rate out of two events. Never since the boot.
#pragma once

#include "snapshot/history.h"
#include "snapshot/host.h"

#include <string_view>

namespace model {

/// Seconds; the shortest time that a rate is taken over.
constexpr double shortest_interval = 30;

class Rates {
  public:
    /// `history` is that of the namespace; null if there is none, because of `unusable_because`.
    Rates(const snapshot::Namespace& space, const snapshot::SpaceHistory* history, double uptime,
          std::string unusable_because);

    /// Growth of one of snapshot::tracked_counters, per second. Missing without an earlier sample, and where
    /// the counter went back: then it counts something else now.
    snapshot::Reading<double> per_second(std::size_t counter) const;
    /// The growth itself; negative for a gauge that fell.
    snapshot::Reading<double> growth(std::size_t counter) const;
    /// The time that it took, in seconds.
    snapshot::Reading<double> interval() const;

  private:
    snapshot::Reading<std::uint64_t> now(std::size_t counter) const;

    const snapshot::Namespace* space_;
    const snapshot::Sample* earlier_ = nullptr;
    double uptime_;
    base::Gap without_;
};

} // namespace model
