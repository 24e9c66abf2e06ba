#include "rules/last_look.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

constexpr const char* advice = "make the warning range narrower, or remove it";

std::string silent(const Rule& rule, const Range& warning, const Range& critical) {
    return fmt::format("the warning range '{}' of '{}' never fires: critical '{}' alerts wherever it would",
                       warning.text, rule.id, critical.text);
}

void look_at_options(const Rule& rule, const RuleSet& rules, const Layers& layers,
                     base::Diagnostics& diagnostics, base::Diagnostics& argument_errors) {
    const bool warning_given = rule.warning.origin.file >= layers.first_option;
    const bool critical_given = rule.critical.origin.file >= layers.first_option;
    if ((!warning_given && !critical_given) || !never_fires(rule.warning.range, rule.critical.range)) {
        return;
    }
    const bool both = warning_given && critical_given;
    if (both && rule.warning.range->canonical() == rule.critical.range->canonical()) {
        return; // "-w 90 -c 90": many who want only CRITICAL write it so
    }
    const Origin& origin = warning_given ? rule.warning.origin : rule.critical.origin;
    base::Diagnostics& out = both ? argument_errors : diagnostics;
    out.add({both ? base::Weight::error : base::Weight::warning,
             {rules.describe(origin), 0, 0},
             silent(rule, *rule.warning.range, *rule.critical.range),
             "",
             1,
             advice});
}

void look_at_override(const Rule& rule, const Override& change, Reporter& reporter) {
    const auto& warning = change.warning ? change.warning : rule.warning.range;
    const auto& critical = change.critical ? change.critical : rule.critical.range;
    if (!change.expired && !change.ignore && never_fires(warning, critical)) {
        constexpr int header = 12; // [[override]]
        reporter.warning({change.origin.line, 1, header},
                         "under this override " + silent(rule, *warning, *critical), advice);
    }
}

} // namespace

void find_silent_warnings(const RuleSet& rules, const Layers& layers, base::Diagnostics& diagnostics,
                          base::Diagnostics& argument_errors) {
    for (const Rule& rule : rules.rules) {
        look_at_options(rule, rules, layers, diagnostics, argument_errors);
        if (layers.settings != nullptr) {
            Reporter reporter(*layers.settings, diagnostics);
            for (const Override& change : rule.overrides) {
                look_at_override(rule, change, reporter);
            }
        }
    }
}

} // namespace rules
