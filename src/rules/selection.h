// Which rules a run judges: --rule, --exclude-rule and --tag, and the tag of the command itself.
#pragma once

#include "rules/settings.h"

#include <string>
#include <vector>

namespace rules {

/// Decides which rules are active. A rule that is named is chosen whatever its tags. Else it must have one of
/// the topics that are asked for, if any are, and serve the purpose: "health" or "tuning", as asked for or as
/// the command has it. What is wrong is added to `mistakes`.
void select_rules(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                  base::Diagnostics& mistakes);

} // namespace rules
