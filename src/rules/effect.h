// What a change of sysctls would do to a finding: the same snapshot judged again. Pure; the caller says how
// facts are made under other sysctls.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/rule.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace rules {

/// Trials of what a change would do, in one answer: each is another pass over the snapshot.
constexpr std::size_t most_trials = 24;

struct JudgedRow;

struct Effect {
    std::string
        text; // "95 % -> 5 %, CRITICAL -> OK", "95 % -> 95 %, no change"; empty if it cannot be computed
    std::optional<findings::State> after = {};
};

/// Names and values of sysctls.
using Changes = std::map<std::string, std::string>;

/// The facts of the same snapshot under changed sysctls; null if the model does not know one of them.
using WhatIf = std::function<std::shared_ptr<const facts::Facts>(const Changes&)>;

/// Asked every few rows and before each trial: true when there is no time for the rest, and from then on.
/// Empty: there is time for everything.
using Stop = std::function<bool()>;

/// Why something was left out.
inline constexpr const char* time_was_up = "the time was up";

class Effects {
  public:
    Effects(WhatIf what_if, const Stop& stop) : what_if_(std::move(what_if)), stop_(stop) {}

    Effect of(const Changes& changes, const Rule& rule, const facts::Facts& before, const JudgedRow& judged);

    /// Was an effect not computed because there was no time?
    bool left_out() const { return left_out_; }

  private:
    std::shared_ptr<const facts::Facts> facts_under(const Changes& changes);

    WhatIf what_if_;
    const Stop& stop_;
    bool left_out_ = false;
    std::map<Changes, std::shared_ptr<const facts::Facts>> known_;
};

// What a change of sysctls makes worse: two reports about one snapshot held against each other. Pure.

/// The finding of the same rule about the same subject; null if there is none.
const findings::Finding* find_same(const findings::Report& report, const findings::Finding& wanted);

/// A WARNING or CRITICAL of `after` that is not there, or milder, in `before`; null if there is none.
const findings::Finding* new_harm(const findings::Report& before, const findings::Report& after);

/// Raises a finding of sysctl-drift or sysctl-boot-missed to WARNING, and says why, if the snapshot judged
/// under the value of the next boot has something that is worse. Without time for that the rule is UNKNOWN.
void warn_of_harmful_drift(findings::Report& report, const RuleSet& rules, const facts::Facts& facts,
                           const WhatIf& what_if, const Stop& stop);

} // namespace rules
