// What one rule makes of one subject. Evaluation asks this for every row, the effect of a remedy for the same
// row of other facts.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "history/recall.h"
#include "rules/effect.h"
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

// Rules times facts: findings, and what became of each rule. Pure; the caller adds host, kernel and time.

/// So many findings of one rule are reported in full, the worst; the last of them counts the rest.
constexpr std::size_t most_findings = 20;

/// What one rule makes of the facts.
struct Verdict {
    findings::RuleOutcome outcome;
    std::vector<findings::Finding> findings; // worst first
};

/// Judges one rule, active or not. A subject whose facts are absent is left out, one whose facts could not be
/// read makes the rule UNKNOWN, and so do missing rows of its table.
Verdict judge(const Rule& rule, const RuleSet& rules, const facts::Facts& facts,
              history::Recall* recall = nullptr);

/// All active rules: findings, outcomes, performance data, labels of namespaces and gaps.
/// `what_if` gives the facts for the effects of remedies; without it none is computed. `recall` knows earlier
/// runs and takes down this one; without it findings have no `since`, and nothing waits.
findings::Report evaluate(const RuleSet& rules, const facts::Facts& facts, const WhatIf& what_if = {},
                          history::Recall* recall = nullptr);

} // namespace rules
