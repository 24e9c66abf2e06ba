// Interval arithmetic for expressions: what may become of an expression over all quiet rows of a table at
// once. It may promise too little, never too much.
#pragma once

#include "rules/compute.h"

namespace rules {

/// What a value may turn out to be. `low` and `high` are of a number, the flags of a yes or no.
struct Outlook {
    double low = 0;
    double high = 0;
    bool may_be_true = false;
    bool may_be_false = false;
    bool may_be_missing = false;
    bool may_be_known = true;
};

/// The outlook of an expression over the quiet rows of context.row_table; context.row does not count.
Outlook outlook(const Expression& expression, const Context& context);

} // namespace rules
