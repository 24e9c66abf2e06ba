// A judgement spelled out: each expression, the same with the numbers of this host, and what comes out. Made
// for `explain`; decides nothing.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/rule.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace rules {

struct Step {
    std::string name;    // "when", "value", or the fact that is computed
    std::string formula; // "100 * (1 - free / usable)"
    std::string numbers; // "100 * (1 - 60 / 1000)"; empty if nothing is to be put in
    std::string result;  // "94 %", "yes", or why it is unknown
};

struct Arithmetic {
    std::string netns;
    std::vector<std::pair<std::string, std::string>> subject; // column, value
    std::string outcome; // "CRITICAL", "not judged: `when` does not hold"
    std::vector<Step> steps;
};

/// The subjects that the rule is about, the worst first, at most `most` of them; those that it does not judge
/// come last.
std::vector<Arithmetic> arithmetic(const Rule& rule, const facts::Facts& facts, std::size_t most);

// The judgement of each rule as one line with the numbers of this host, for a report that is asked for it.
// Decides nothing.

/// Fills `numbers` of every outcome, from the subject that is nearest to an alert.
void add_live_numbers(findings::Report& report, const RuleSet& rules, const facts::Facts& facts);

} // namespace rules
