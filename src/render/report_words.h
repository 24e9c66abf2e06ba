// What renderers for people say of a whole report, in words that each of them sets in its own way. Not yet
// safe for any reader.
#pragma once

#include "findings/report.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace render {

/// "CRITICAL"; advice counts as OK.
std::string_view verdict_word(const findings::Report& report);

/// What is wrong, first the worst; what was looked at, if nothing is.
std::string headline(const findings::Report& report);

std::size_t count_rules(const findings::Report& report, std::optional<findings::State> state);

/// "id: reason", with what waits.
std::string rule_text(const findings::RuleOutcome& rule);

/// A finding, and the one of the same rule before it that has explained the rule already, or null.
struct Shown {
    const findings::Finding* finding = nullptr;
    const findings::Finding* explained = nullptr;
};

struct ShownFindings {
    std::vector<Shown> shown;
    std::vector<std::pair<std::string_view, std::size_t>> left_out; // rule, findings
};

/// The findings in their order, at most so many of one rule.
ShownFindings shown_findings(const findings::Report& report, std::size_t most_of_a_rule);

} // namespace render
