// The frozen list of performance data: the same labels in the same order whatever rules are chosen, and
// those of a topic for whoever asks for that alone.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/rule.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

enum class Sum { worst, total };

struct Label {
    std::string_view label;
    facts::TableId table = facts::TableId::netns; // host or namespace
    std::string_view fact;                        // empty: the number of rules that alert
    std::string_view unit;                        // "", "%", "c"
    Sum sum = Sum::total;
    std::string_view rule;   // whose ranges belong to it; empty: none
    std::string_view topic;  // that the number belongs to; empty: every one
    std::string_view phrase; // "{} CLOSE_WAIT", for people; empty: not worth a word when all is well
};

/// The one list of labels, in order of output.
std::span<const Label> labels();

/// Leaves what belongs to one of these tags; of tags that are no topic of a label, everything.
void keep_topics(const std::vector<std::string>& tags, std::vector<findings::Perfdatum>& data);

/// The numbers in words: "3 CLOSE_WAIT, 1 of them leaked".
std::string in_words(const std::vector<findings::Perfdatum>& data);

/// Every label with its value over all namespaces. Absent by design: left out. Not readable this time:
/// without value.
std::vector<findings::Perfdatum> measure(const RuleSet& rules, const findings::Report& report,
                                         const facts::Facts& facts);

} // namespace rules
