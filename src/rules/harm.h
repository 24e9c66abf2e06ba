// What a change of sysctls makes worse: two reports about one snapshot held against each other. Pure.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/effect.h"
#include "rules/rule.h"

namespace rules {

/// The finding of the same rule about the same subject; null if there is none.
const findings::Finding* find_same(const findings::Report& report, const findings::Finding& wanted);

/// A WARNING or CRITICAL of `after` that is not there, or milder, in `before`; null if there is none.
const findings::Finding* new_harm(const findings::Report& before, const findings::Report& after);

/// Raises a finding of sysctl-drift to WARNING, and says why, if the snapshot judged under the value of the
/// next boot has something that is worse.
void warn_of_harmful_drift(findings::Report& report, const RuleSet& rules, const facts::Facts& facts,
                           const WhatIf& what_if);

} // namespace rules
