#include "render/report_words.h"

#include "base/text.h"
#include "render/finding_words.h"
#include "render/wording.h"

#include <algorithm>
#include <map>

namespace render {
namespace {

using findings::Finding;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

/// "1 critical, 2 warnings, 3 rules not judged".
std::string tally(const Report& report) {
    const auto count = [&](State state) {
        return static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(),
                                                      [&](const Finding& f) { return f.state == state; }));
    };
    std::vector<std::string> parts;
    const auto add = [&](std::size_t number, std::string_view one, std::string_view many) {
        if (number > 0) {
            parts.push_back(count_of(number, one, many));
        }
    };
    add(count(State::critical), "critical", "critical");
    add(count(State::warning), "warning", "warnings");
    add(count(State::unknown), "finding unknown", "findings unknown");
    add(count(State::info), "piece of advice", "pieces of advice");
    add(count_rules(report, State::unknown), "rule not judged", "rules not judged");
    add(report.broken_files.size(), "file not usable", "files not usable");
    return base::join(parts, ", ");
}

/// The worst finding in its own words, then how many there are.
std::string trouble(const Report& report) {
    const std::string numbers = tally(report);
    if (report.findings.empty() || report.findings.front().state != report.worst()) {
        return numbers;
    }
    const Finding& first = report.findings.front();
    return (first.summary.empty() ? first.title : first.summary) + " (" + numbers + ")";
}

} // namespace

std::string_view verdict_word(const Report& report) {
    const State worst = report.worst();
    return findings::name(worst == State::info ? State::ok : worst);
}

std::string headline(const Report& report) {
    const State worst = report.worst();
    std::string text = worst <= State::info ? report.when_ok : trouble(report);
    if (text.empty()) {
        text = "no problem found";
    }
    if (worst == State::info) {
        text += ", " + tally(report);
    }
    for (const std::string& note : report.notes) {
        text += ", " + note;
    }
    if (!report.assumed.empty()) {
        text += ", as if " + base::join(report.assumed, " and ");
    }
    return text;
}

std::size_t count_rules(const Report& report, std::optional<State> state) {
    return static_cast<std::size_t>(
        std::count_if(report.rules.begin(), report.rules.end(),
                      [&](const RuleOutcome& rule) { return rule.state == state; }));
}

std::string rule_text(const RuleOutcome& rule) {
    return (rule.reason.empty() ? rule.id : rule.id + ": " + rule.reason) + waiting_text(rule);
}

ShownFindings shown_findings(const Report& report, std::size_t most_of_a_rule) {
    struct Seen {
        const Finding* first = nullptr;
        std::size_t count = 0;
    };
    std::map<std::string_view, Seen> seen;
    ShownFindings all;
    for (const Finding& finding : report.findings) {
        Seen& of_rule = seen[finding.rule];
        if (++of_rule.count <= most_of_a_rule) {
            all.shown.push_back({&finding, of_rule.first});
        }
        of_rule.first = of_rule.first == nullptr ? &finding : of_rule.first;
    }
    for (const auto& [rule, of_rule] : seen) {
        if (of_rule.count > most_of_a_rule) {
            all.left_out.emplace_back(rule, of_rule.count - most_of_a_rule);
        }
    }
    return all;
}

} // namespace render
