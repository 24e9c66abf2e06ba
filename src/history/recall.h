// What earlier runs said of a rule's subjects, and what this one has to say: since when, how many runs, and
// whether a state stays. Pure; the caller keeps the memory.
#pragma once

#include "history/alerts.h"

#include <cstdint>
#include <vector>

namespace history {

/// Does this run leave a memory behind? One that does not cannot wait for the next.
enum class Remembers { no, yes };

class Recall {
  public:
    /// One memory for each network namespace. `uptime` is now, in seconds since the boot; `time` the same
    /// moment in seconds since the epoch.
    Recall(std::vector<Memory> earlier, double uptime, double time, Remembers remembers);

    /// Is anything known about a subject of this rule?
    bool knows(std::uint64_t rule) const;
    /// The unbroken run that this subject is in; null if it did not alert in the last run of the rule.
    const Remembered* find(std::uint64_t rule, std::size_t netns, std::uint64_t subject) const;

    /// The unbroken run with this one as its last.
    Remembered continued(std::uint64_t rule, std::uint64_t subject, const Remembered* earlier) const;
    /// False if nobody will know that an alert began in this run.
    bool counts(const Remembered* earlier) const {
        return earlier != nullptr || remembers_ == Remembers::yes;
    }
    /// Have runs judged the rule for half a minute, and up to now? Only then is an alert that is new here
    /// known to be new: one that was there when looking began may have lasted for hours.
    bool watched(std::uint64_t rule, std::size_t netns) const;

    void note(std::size_t netns, const Remembered& entry);
    /// The rule was judged in full: what is not noted is over.
    void judged(std::uint64_t rule);

    double uptime() const { return uptime_; }
    /// A moment of the uptime in seconds since the epoch.
    double time_of(double uptime) const { return time_ - (uptime_ - uptime); }

    /// What the run has to say, for each network namespace.
    const std::vector<MemoryUpdate>& updates() const { return updates_; }

  private:
    std::vector<Memory> earlier_;
    std::vector<MemoryUpdate> updates_;
    double uptime_;
    double time_;
    Remembers remembers_;
};

} // namespace history
