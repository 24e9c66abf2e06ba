// One [[rule]] table becomes a Rule, or what is wrong with it is reported. Knows nothing of other rules.
#pragma once

#include "rules/document.h"
#include "rules/rule.h"

#include <optional>

namespace rules {

/// `lean`: title, why, references and remedies were left out, with what uses their parameters.
enum class Form { full, lean };

/// The rule; none if it has an error. `file` is the number of its file in RuleSet::files.
std::optional<Rule> read_rule(const Node& table, std::uint16_t file, Form form, Reporter& reporter);

/// A range from a text or a number; none, and an error, if it is not one.
std::optional<Range> read_range(const Node& node, std::string_view unit, Reporter& reporter);

/// Reports a warning range that can never fire because critical alerts wherever it would.
void check_ranges(const std::optional<Range>& warning, const std::optional<Range>& critical, Mark mark,
                  Reporter& reporter);

/// A value of a parameter; none for what is neither number, text nor boolean.
std::optional<facts::Value> read_value(const Node& node);

/// The type of a known value.
facts::Type type_of(const facts::Value& value);

} // namespace rules
