// The frozen list of performance data: the same labels in the same order whatever rules are chosen.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/rule.h"

#include <span>
#include <string_view>

namespace rules {

enum class Sum { worst, total };

struct Label {
    std::string_view label;
    facts::TableId table = facts::TableId::netns; // host or namespace
    std::string_view fact;                        // empty: the number of rules that alert
    std::string_view unit;                        // "", "%", "c"
    Sum sum = Sum::total;
    std::string_view rule; // whose ranges belong to it; empty: none
};

/// The one list of labels, in order of output.
std::span<const Label> labels();

/// Every label with its value over all namespaces. Absent by design: left out. Not readable this time:
/// without value.
std::vector<findings::Perfdatum> measure(const RuleSet& rules, const findings::Report& report,
                                         const facts::Facts& facts);

} // namespace rules
