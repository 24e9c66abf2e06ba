#include "rules/harm.h"

#include "rules/evaluate.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace rules {
namespace {

using findings::Finding;
using findings::Report;
using findings::State;

constexpr std::string_view drift_rule = "sysctl-drift";
constexpr std::size_t most_trials = 24; // each is another pass over the snapshot

/// The sysctl and its value at the next boot.
std::optional<Changes> next_boot(const Finding& drift) {
    const auto name = std::find_if(drift.subject.begin(), drift.subject.end(),
                                   [](const auto& part) { return part.first == "name"; });
    const auto boot = std::find_if(drift.evidence.begin(), drift.evidence.end(),
                                   [](const findings::Evidence& e) { return e.name == "boot"; });
    if (name == drift.subject.end() || boot == drift.evidence.end() || !boot->text) {
        return std::nullopt;
    }
    return Changes{{name->second, *boot->text}};
}

void raise(Report& report, Finding& drift, const Finding& harm) {
    drift.state = State::warning;
    drift.summary +=
        fmt::format("; that brings [{}] {}: {}", findings::name(harm.state), harm.rule, harm.summary);
    for (findings::RuleOutcome& outcome : report.rules) {
        if (outcome.id == drift.rule && outcome.state) {
            outcome.state = std::max(*outcome.state, drift.state);
        }
    }
}

} // namespace

const Finding* find_same(const Report& report, const Finding& wanted) {
    const auto found = std::find_if(report.findings.begin(), report.findings.end(), [&](const Finding& f) {
        return f.rule == wanted.rule && f.subject == wanted.subject &&
               f.network_namespace == wanted.network_namespace;
    });
    return found != report.findings.end() ? &*found : nullptr;
}

const Finding* new_harm(const Report& before, const Report& after) {
    for (const Finding& finding : after.findings) {
        const Finding* now = find_same(before, finding);
        if (finding.state > State::unknown && (now == nullptr || now->state < finding.state)) {
            return &finding;
        }
    }
    return nullptr;
}

void warn_of_harmful_drift(Report& report, const RuleSet& rules, const facts::Facts& facts,
                           const WhatIf& what_if) {
    std::optional<Report> before; // without earlier runs, as the trials are
    std::size_t trials = 0;
    for (Finding& drift : report.findings) {
        const auto changes = drift.rule == drift_rule ? next_boot(drift) : std::nullopt;
        if (!changes || drift.state != State::info || ++trials > most_trials) {
            continue;
        }
        const auto then = what_if(*changes);
        if (then == nullptr) {
            continue;
        }
        before = before ? std::move(before) : evaluate(rules, facts);
        const Report after = evaluate(rules, *then);
        if (const Finding* harm = new_harm(*before, after)) {
            raise(report, drift, *harm);
        }
    }
}

} // namespace rules
