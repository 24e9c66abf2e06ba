#include "tests/day/alarms.h"

#include <algorithm>

namespace day {

using findings::State;

std::string names(const Names& all) {
    std::string text;
    for (const std::string& name : all) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

void Alarms::add(double moment, const findings::Report& report) {
    ++runs_;
    for (const findings::RuleOutcome& outcome : report.rules) {
        if (outcome.waiting > 0) {
            waited_.insert(outcome.id);
        }
        if (outcome.state && *outcome.state >= State::unknown) {
            rules_.insert(outcome.id);
        }
    }
    for (const findings::Perfdatum& datum : report.perfdata) {
        double& peak = peaks_[datum.label];
        peak = std::max(peak, datum.value.value_or(0));
    }
    const State state = report.worst();
    worst_ = std::max(worst_, state);
    const bool alarms = findings::exit_code(state) != 0;
    if (alarms && !open_) {
        all_.push_back(
            {moment, moment, report.findings.empty() ? "nothing is known" : report.findings.front().summary});
    }
    if (open_) {
        all_.back().end = moment;
    }
    open_ = alarms;
}

double Alarms::peak(const std::string& label) const {
    const auto found = peaks_.find(label);
    return found == peaks_.end() ? 0 : found->second;
}

} // namespace day
