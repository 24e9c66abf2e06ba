// What one rule makes of one subject. Evaluation asks this for every row, the effect of a remedy for the same
// row of other facts. Knows no other row.
#pragma once

#include "facts/table.h"
#include "history/recall.h"
#include "rules/finding_writer.h"
#include "rules/rule.h"

#include <optional>

namespace rules {

struct RowVerdict {
    enum class Kind { not_applicable, missing, judged };
    Kind kind = Kind::not_applicable;
    JudgedRow judged;                  // `state` is OK if nothing alerts
    std::optional<base::Gap> gap;      // what was missing
    std::optional<double> waits_since; // it would alert, but has not done so for as long as the rule wants
    std::optional<base::Gap> unsure; // judged, but a fact that might have raised the state could not be read
};

/// The past of one rule; it takes down what this run has to say. Without it nothing is known of earlier runs.
struct RulePast {
    history::Recall* recall = nullptr;
    std::uint64_t rule = 0; // its fingerprint
    bool known = false;     // some subject of the rule alerted in the last run
};

/// Disregarded: as if the rule had none.
enum class Overrides { obeyed, disregarded };

/// `context` is that of the row, in the namespace with this number.
RowVerdict judge_row(const Rule& rule, const facts::Facts& facts, const Context& context, std::size_t netns,
                     const RulePast& past = {}, Overrides overrides = Overrides::obeyed);

} // namespace rules
