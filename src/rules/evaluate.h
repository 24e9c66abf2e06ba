// Rules times facts: findings, and what became of each rule. Pure; the caller adds host, kernel and time.
#pragma once

#include "facts/table.h"
#include "findings/report.h"
#include "history/recall.h"
#include "rules/effect.h"
#include "rules/judge_row.h"
#include "rules/rule.h"

#include <cstddef>
#include <vector>

namespace rules {

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
/// runs and takes down this one; without it findings have no `since`, and nothing waits. Small tables come
/// first. Rows that are left when `stop` says so make their rules at least UNKNOWN, and are named, as is what
/// else was left out.
findings::Report evaluate(const RuleSet& rules, const facts::Facts& facts, const WhatIf& what_if = {},
                          history::Recall* recall = nullptr, const Stop& stop = {});

} // namespace rules
