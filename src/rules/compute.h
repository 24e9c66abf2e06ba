// The value of a resolved expression for one row: three-valued where facts are missing, and never infinite.
#pragma once

#include "facts/table.h"
#include "rules/expression.h"

#include <cstdint>
#include <span>

namespace rules {

/// Where names find their values. A table that is not there gives missing values.
struct Context {
    const facts::Table* row_table = nullptr;
    std::size_t row = 0;
    const facts::Table* netns = nullptr;
    const facts::Table* host = nullptr;
    std::span<const facts::Value> parameters;
    double alerting_runs = 1;          // with this one; runs at least half a minute apart
    double alerting_for = 0;           // seconds
    facts::ColumnSet* asked = nullptr; // notes the columns of the row that were looked up; may be null
};

/// Which row it is: a fingerprint of what tells one row of its table from another.
std::uint64_t subject_of(const Context& context);

/// The value of a name.
facts::Value look_up(const Reference& reference, const Context& context);

/// The value of the expression; missing with the gravest reason of the values that it needed.
facts::Value compute(const Expression& expression, const Context& context);

/// True for a gap that makes a verdict UNKNOWN: denied, failed or truncated. Others leave a subject out.
bool is_harmful(const base::Gap& gap);

} // namespace rules
