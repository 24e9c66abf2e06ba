#include "rules/live_numbers.h"

#include "base/text.h"
#include "facts/schema.h"
#include "rules/arithmetic.h"
#include "rules/finding_writer.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

/// "free / usable = 60 / 1000 = 6 %"; numbers only where something is computed.
std::string equation(const Step& step) {
    std::string text = step.formula;
    if (!step.numbers.empty() && !step.result.starts_with(step.numbers)) {
        text += " = " + step.numbers;
    }
    return text + " = " + step.result;
}

std::string thresholds(const Rule& rule) {
    std::vector<std::string> parts;
    if (const Range* warning = warning_of(rule, nullptr)) {
        parts.push_back("warning " + warning->text);
    }
    if (const Range* critical = critical_of(rule, nullptr)) {
        parts.push_back("critical " + critical->text);
    }
    return parts.empty() ? "" : " (" + base::join(parts, ", ") + ")";
}

/// Of a subject that is not judged, why; else the value or the condition.
const Step* deciding_step(const Arithmetic& worst) {
    const bool judged = !worst.outcome.starts_with("not judged");
    const auto named = [&](std::string_view name) {
        const auto found = std::find_if(worst.steps.begin(), worst.steps.end(),
                                        [&](const Step& step) { return step.name == name; });
        return found != worst.steps.end() ? &*found : nullptr;
    };
    if (const Step* when = named("when"); when != nullptr && !judged) {
        return when;
    }
    const Step* value = named("value");
    return value != nullptr ? value : named("condition");
}

std::string subject_text(const Arithmetic& worst, std::size_t namespaces) {
    std::vector<std::string> parts;
    for (const auto& [column, value] : worst.subject) {
        parts.push_back(column + " " + value);
    }
    if (namespaces > 1 && !worst.network_namespace.empty()) {
        parts.push_back("in " + worst.network_namespace);
    }
    return parts.empty() ? "" : base::join(parts, ", ") + ": ";
}

std::string numbers_of(const Rule& rule, const facts::Facts& facts) {
    const auto worst = arithmetic(rule, facts, 1);
    if (worst.empty()) {
        return fmt::format("no {} to judge", facts::schema(rule.table).name);
    }
    const Step* step = deciding_step(worst.front());
    if (step == nullptr) {
        return {};
    }
    const std::string text = subject_text(worst.front(), facts.namespaces.size());
    return step->name == "when" ? text + "not judged, " + equation(*step)
                                : text + equation(*step) + thresholds(rule);
}

} // namespace

void add_live_numbers(findings::Report& report, const RuleSet& rules, const facts::Facts& facts) {
    for (findings::RuleOutcome& outcome : report.rules) {
        const auto rule = std::find_if(rules.rules.begin(), rules.rules.end(),
                                       [&](const Rule& one) { return one.id == outcome.id; });
        if (rule != rules.rules.end()) {
            outcome.numbers = numbers_of(*rule, facts);
        }
    }
}

} // namespace rules
