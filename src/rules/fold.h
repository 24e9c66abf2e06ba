// Which findings of a report have their cause in another one: so that one cause is told once. Pure.
#pragma once

#include "findings/report.h"
#include "rules/rule.h"

namespace rules {

/// Sets `explained_by` of each finding whose rule another finding's rule explains: no worse than that one,
/// and about the same subject. The cause itself is never explained. The order must not change after that.
void fold(findings::Report& report, const RuleSet& rules);

} // namespace rules
