// One [[rule]] table becomes a Rule, or what is wrong with it is reported. Knows nothing of other rules.
#pragma once

#include "rules/document.h"
#include "rules/rule.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace rules {

/// How much of a rule is read when it is loaded: what the build made holds no mistake, and its advice can
/// wait.
enum class Scrutiny { judgement, all };

/// The rule; none if it has an error. `file` is the number of its file in RuleSet::files. The rule points
/// into the document that `table` belongs to.
std::optional<Rule> read_rule(const Node& table, std::uint16_t file, Scrutiny scrutiny, Reporter& reporter);

/// What the findings of a rule say. Mistakes were reported when the rule was loaded.
Advice advice_of(const Rule& rule);

/// A range from a text or a number; none, and an error, if it is not one.
std::optional<Range> read_range(const Node& node, std::string_view unit, Reporter& reporter);

/// Reports a warning range that can never fire because critical alerts wherever it would.
void check_ranges(const std::optional<Range>& warning, const std::optional<Range>& critical, Mark mark,
                  Reporter& reporter);

} // namespace rules
