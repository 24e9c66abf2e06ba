// What a person at the monitoring system sees of a series of checks: alarms, when they begin and end, and
// whether they flap. Knows nothing of hosts.
#pragma once

#include "findings/report.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace day {

struct Alarm {
    double begin = 0;    // the first run that was not OK
    double end = 0;      // the first run that was OK again, or the last run of all
    std::string summary; // of the worst finding as it began
};

using Names = std::set<std::string>;
/// "a, b"
std::string names(const Names& all);

class Alarms {
  public:
    void add(double moment, const findings::Report& report);

    /// Unbroken series of runs whose verdict was WARNING, CRITICAL or UNKNOWN.
    const std::vector<Alarm>& all() const { return all_; }
    bool open() const { return open_; }
    findings::State worst() const { return worst_; }
    const Names& rules() const { return rules_; }   // that spoke in an alarm
    const Names& waited() const { return waited_; } // that would have, had it lasted
    std::size_t runs() const { return runs_; }
    /// The highest value of this label of the performance data.
    double peak(const std::string& label) const;

  private:
    std::vector<Alarm> all_;
    bool open_ = false;
    findings::State worst_ = findings::State::ok;
    Names rules_;
    Names waited_;
    std::size_t runs_ = 0;
    std::map<std::string, double> peaks_;
};

} // namespace day
