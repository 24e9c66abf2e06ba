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

class Effects {
  public:
    explicit Effects(WhatIf what_if) : what_if_(std::move(what_if)) {}

    Effect of(const Changes& changes, const Rule& rule, const facts::Facts& before, const JudgedRow& judged);

  private:
    std::shared_ptr<const facts::Facts> facts_under(const Changes& changes);

    WhatIf what_if_;
    std::map<Changes, std::shared_ptr<const facts::Facts>> known_;
};

// What a change of sysctls makes worse: two reports about one snapshot held against each other. Pure.

/// The finding of the same rule about the same subject; null if there is none.
const findings::Finding* find_same(const findings::Report& report, const findings::Finding& wanted);

/// A WARNING or CRITICAL of `after` that is not there, or milder, in `before`; null if there is none.
const findings::Finding* new_harm(const findings::Report& before, const findings::Report& after);

/// Raises a finding of sysctl-drift or sysctl-boot-missed to WARNING, and says why, if the snapshot judged
/// under the value of the next boot has something that is worse.
void warn_of_harmful_drift(findings::Report& report, const RuleSet& rules, const facts::Facts& facts,
                           const WhatIf& what_if);

} // namespace rules
