// The text of one finding: summary, evidence, remedies with their commands. Called only for findings that are
// shown.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "rules/rule.h"

#include <optional>

namespace rules {

/// A subject that a rule has judged, and how.
struct JudgedRow {
    findings::State state = findings::State::ok;
    std::size_t netns = 0;
    std::size_t row = 0;
    double excess = 0; // how far the value lies beyond the range
    std::optional<double> value;
    std::optional<double> worst; // if it lies in a range that `value` is not in
    bool only_in_doubt = false;  // by `value` alone it would be OK
    bool inferred = false;
    const Override* exception = nullptr; // the override that fits the subject, expired or not
    std::optional<double> since;         // of the unbroken run of alerts, in seconds since the epoch
    std::optional<double> over_for;      // seconds since it last held, if it is only kept
};

class Effects;

/// `advice` is that of the rule. `effects` computes what remedies would change; null: nothing is computed.
findings::Finding write_finding(const Rule& rule, const Advice& advice, const RuleSet& rules,
                                const facts::Facts& facts, const JudgedRow& judged, Effects* effects);

/// The ranges that hold for this subject: those of an override that has not expired, else those of the rule.
const Range* warning_of(const Rule& rule, const Override* exception);
const Range* critical_of(const Rule& rule, const Override* exception);

/// The facts of one subject. Tables that are not there give missing values.
Context context_of(const Rule& rule, const facts::Facts& facts, std::size_t netns, std::size_t row);

} // namespace rules
