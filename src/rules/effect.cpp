#include "rules/effect.h"

#include "base/number.h"
#include "facts/schema.h"
#include "rules/evaluate.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace rules {

namespace {

constexpr std::string_view no_change = "no change";
constexpr std::size_t most_changes = 16; // each is another pass over the snapshot

std::vector<facts::Value> subject_of(const facts::Table& table, std::size_t row) {
    std::vector<facts::Value> values;
    for (const std::string_view column : table.schema().subject) {
        if (const auto number = table.schema().find(column)) {
            values.push_back(table.get(row, *number));
        }
    }
    return values;
}

bool same_subject(const facts::Table& a, std::size_t row_a, const facts::Table& b, std::size_t row_b) {
    const auto equal = [](const facts::Value& x, const facts::Value& y) { return to_text(x) == to_text(y); };
    const auto left = subject_of(a, row_a);
    const auto right = subject_of(b, row_b);
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

/// Tables of one snapshot keep their order whatever the sysctls are; a row that is elsewhere is not compared.
std::optional<Context> same_row(const Rule& rule, const facts::Facts& before, const facts::Facts& after,
                                const JudgedRow& judged) {
    const bool there = rule.table == facts::TableId::host || judged.netns < after.namespaces.size();
    if (!there) {
        return std::nullopt;
    }
    const Context old = context_of(rule, before, judged.netns, judged.row);
    const Context context = context_of(rule, after, judged.netns, judged.row);
    if (old.row_table == nullptr || context.row_table == nullptr || judged.row >= context.row_table->size() ||
        !same_subject(*old.row_table, judged.row, *context.row_table, judged.row)) {
        return std::nullopt;
    }
    return context;
}

std::string shown(double value, const std::string& unit) {
    return base::to_text(value) + (unit == "%" ? " %" : "");
}

std::string change_of_value(const Rule& rule, const JudgedRow& before, const JudgedRow& after) {
    const std::string from = shown(*before.value, rule.unit);
    const std::string to = shown(*after.value, rule.unit);
    std::string text = fmt::format("{} -> {}", from, to);
    if (before.state != after.state) {
        text += fmt::format(", {} -> {}", findings::name(before.state), findings::name(after.state));
    } else if (from == to) {
        return fmt::format("{}, {}", text, no_change);
    }
    return text + (after.inferred ? " (inferred)" : "");
}

/// The facts of the change are those of after the delay that TIME_WAIT must have before it is reused.
std::string since_when(const Changes& changes) {
    return changes.contains("net.ipv4.tcp_tw_reuse") ? ", from the next second on" : "";
}

void show_value_of(JudgedRow& judged, const Rule& rule, const Context& context) {
    if (rule.value.empty()) {
        return;
    }
    if (const facts::Value value = compute(rule.value, context); value.known()) {
        judged.value = value.number();
        judged.inferred = value.basis() == facts::Basis::inferred;
    }
}

std::string change_of_state(const JudgedRow& before, const JudgedRow& after) {
    if (before.state == after.state) {
        return std::string(no_change);
    }
    return fmt::format("{} -> {}", findings::name(before.state), findings::name(after.state));
}

} // namespace

std::shared_ptr<const facts::Facts> Effects::facts_under(const Changes& changes) {
    const auto known = known_.find(changes);
    if (known != known_.end()) {
        return known->second;
    }
    if (known_.size() >= most_changes) {
        return nullptr;
    }
    if (stop_ && stop_()) {
        left_out_ = true;
        return nullptr;
    }
    return known_.emplace(changes, what_if_(changes)).first->second;
}

Effect Effects::of(const Changes& changes, const Rule& rule, const facts::Facts& before,
                   const JudgedRow& judged) {
    const auto after = facts_under(changes);
    if (!after) {
        return {};
    }
    const auto context = same_row(rule, before, *after, judged);
    if (!context) {
        return {};
    }
    RowVerdict verdict = judge_row(rule, *after, *context, judged.netns);
    if (verdict.kind == RowVerdict::Kind::missing) {
        return {};
    }
    if (verdict.kind ==
        RowVerdict::Kind::not_applicable) { // there is nothing left to judge: its value tells how far
        show_value_of(verdict.judged, rule, *context);
    }
    const bool has_values = judged.value && verdict.judged.value;
    const std::string text =
        has_values ? change_of_value(rule, judged, verdict.judged) : change_of_state(judged, verdict.judged);
    return {text + (text.ends_with(no_change) ? "" : since_when(changes)), verdict.judged.state};
}

namespace {

using findings::Finding;
using findings::Report;
using findings::State;

/// Rules about a sysctl that has another value than the file that a boot reads.
bool is_drift(const Finding& finding) {
    return finding.rule == "sysctl-drift" || finding.rule == "sysctl-boot-missed";
}

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

/// The outcome of the rule of this finding is at least this state. Null if it was skipped.
findings::RuleOutcome* raise_outcome(Report& report, const Finding& finding, State state) {
    for (findings::RuleOutcome& outcome : report.rules) {
        if (outcome.id == finding.rule && outcome.state) {
            outcome.state = std::max(*outcome.state, state);
            return &outcome;
        }
    }
    return nullptr;
}

void raise(Report& report, Finding& drift, const Finding& harm) {
    drift.state = State::warning;
    drift.summary +=
        fmt::format("; that brings [{}] {}: {}", findings::name(harm.state), harm.rule, harm.summary);
    raise_outcome(report, drift, drift.state);
}

/// Nobody knows what the value of the next boot brings.
void leave(Report& report, const Finding& drift) {
    findings::RuleOutcome* outcome = raise_outcome(report, drift, State::unknown);
    if (outcome != nullptr && outcome->reason.empty()) {
        outcome->lacks = base::Gap{"what the next boot brings", base::Why::failed, time_was_up};
        outcome->reason = base::to_text(*outcome->lacks);
    }
}

} // namespace

const Finding* find_same(const Report& report, const Finding& wanted) {
    const auto found = std::find_if(report.findings.begin(), report.findings.end(), [&](const Finding& f) {
        return f.rule == wanted.rule && f.subject == wanted.subject && f.netns == wanted.netns;
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
                           const WhatIf& what_if, const Stop& stop) {
    std::optional<Report> before; // without earlier runs, as the trials are
    std::size_t trials = 0;
    for (Finding& drift : report.findings) {
        const auto changes = is_drift(drift) ? next_boot(drift) : std::nullopt;
        if (!changes || drift.state != State::info || ++trials > most_trials) {
            continue;
        }
        const bool late = stop && stop();
        const auto then = late ? nullptr : what_if(*changes);
        if (then != nullptr) {
            before = before ? std::move(before) : evaluate(rules, facts, {}, nullptr, stop);
            const Report after = evaluate(rules, *then, {}, nullptr, stop);
            if (const Finding* harm = new_harm(*before, after)) { // none, if there was no time for `before`
                raise(report, drift, *harm);
                continue;
            }
        }
        if (late || (stop && stop())) {
            leave(report, drift);
        }
    }
}

} // namespace rules
