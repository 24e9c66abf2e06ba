// Which of the sysctls that remedies name make findings go away: each is tried on the same snapshot before it
// is taken. Pure; the caller says how the snapshot is judged under other sysctls.
#pragma once

#include "findings/report.h"
#include "rules/effect.h"

#include <functional>

namespace rules {

/// The snapshot judged again under some sysctls.
struct Trial {
    enum class Kind {
        judged,
        unchecked, // the model does not know one of these sysctls, or there was no time
        malformed, // no kernel would take one of the values
    };
    Kind kind = Kind::judged;
    findings::Report report; // if it was judged
};
using Rejudge = std::function<Trial(const Changes&)>;

/// From the findings, worst first. Where two want different values of one sysctl, the worse finding has it;
/// of port ranges the wider, and of reserved ports all.
findings::DropIn plan_drop_in(const findings::Report& report, const Rejudge& rejudge);

} // namespace rules
