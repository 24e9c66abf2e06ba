// The [[rule.remedy]] tables of one rule.
#pragma once

#include "rules/document.h"
#include "rules/rule.h"
#include "rules/scoped_reader.h"

#include <optional>
#include <span>
#include <vector>

namespace rules {

/// The remedies in order; what is wrong is reported.
std::vector<Remedy> read_remedies(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter);
std::vector<Myth> read_myths(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter);

// One [[rule]] table becomes a Rule, or what is wrong with it is reported. Knows nothing of other rules.

/// `lean`: title, why, references and remedies were left out, with what uses their parameters.
enum class Form { full, lean };

/// The rule; none if it has an error. `file` is the number of its file in RuleSet::files.
std::optional<Rule> read_rule(const Node& table, std::uint16_t file, Form form, Reporter& reporter);

/// A range from a text or a number; none, and an error, if it is not one.
std::optional<Range> read_range(const Node& node, std::string_view unit, Reporter& reporter);

/// Reports a warning range that can never fire because critical alerts wherever it would.
void check_ranges(const std::optional<Range>& warning, const std::optional<Range>& critical, Mark mark,
                  Reporter& reporter);

} // namespace rules
