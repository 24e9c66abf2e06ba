// What one rule makes of one subject. Evaluation asks this for every row, the effect of a remedy for the same
// row of other facts.
#pragma once

#include "rules/finding_writer.h"

#include <optional>

namespace rules {

struct RowVerdict {
    enum class Kind { not_applicable, missing, judged };
    Kind kind = Kind::not_applicable;
    Judged judged;                   // `state` is OK if nothing alerts
    std::optional<base::Gap> gap;    // what was missing
    std::optional<base::Gap> unsure; // judged, but a fact that might have raised the state could not be read
};

/// `context` is that of the row, in the namespace with this number.
RowVerdict judge_row(const Rule& rule, const facts::Facts& facts, const Context& context,
                     std::size_t network_namespace);

} // namespace rules
