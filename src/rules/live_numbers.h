// The judgement of each rule as one line with the numbers of this host, for a report that is asked for it.
// Decides nothing.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/rule.h"

namespace rules {

/// Fills `numbers` of every outcome, from the subject that is nearest to an alert.
void add_live_numbers(findings::Report& report, const RuleSet& rules, const facts::Facts& facts);

} // namespace rules
