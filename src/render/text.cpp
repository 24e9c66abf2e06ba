// What a person reads at three in the morning: the worst thing first, the number, what it means, what to do.
#include "base/text.h"
#include "render/finding_text.h"
#include "render/override_text.h"
#include "render/prose.h"
#include "render/reports.h"
#include "render/wording.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

constexpr std::string_view indent = "  ";

std::size_t count_rules(const Report& report, std::optional<State> state) {
    return static_cast<std::size_t>(
        std::count_if(report.rules.begin(), report.rules.end(),
                      [&](const RuleOutcome& rule) { return rule.state == state; }));
}

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

/// Quiet output is for scripts, and stays on one line.
void first_line(std::ostream& out, const Style& style, const Report& report) {
    const State worst = report.worst();
    const std::string word(findings::name(worst == State::info ? State::ok : worst));
    const std::string numbers = tally(report);
    std::string text = worst <= State::info ? report.when_ok : numbers;
    if (text.empty()) {
        text = "no problem found";
    }
    if (worst == State::info) {
        text += ", " + numbers;
    }
    for (const std::string& note : report.notes) {
        text += ", " + note;
    }
    if (!report.assumed.empty()) {
        text += ", as if " + base::join(report.assumed, " and ");
    }
    if (style.verbosity < 0) {
        out << paint(style, worst, word) << ": " << safe_line(text) << '\n';
        return;
    }
    std::ostringstream lines;
    paragraph(lines, style, word + ": ", text);
    out << paint(style, worst, word) << lines.str().substr(word.size());
}

/// Each finding, but of many about one rule only the first ones, and its explanation once.
void show_findings(std::ostream& out, const Style& style, const Report& report) {
    constexpr std::size_t shown_of_a_rule = 10;
    std::map<std::string_view, std::vector<const Finding*>> shown;
    std::map<std::string_view, std::size_t> hidden;
    for (const Finding& finding : report.findings) {
        auto& before = shown[finding.rule];
        if (before.size() == shown_of_a_rule && style.verbosity < 1) {
            ++hidden[finding.rule];
            continue;
        }
        finding_text(out, style, finding, before.empty() ? nullptr : before.front(), report);
        before.push_back(&finding);
    }
    if (!hidden.empty()) {
        out << '\n';
    }
    for (const auto& [rule, count] : hidden) {
        paragraph(out, style, "",
                  fmt::format("and {} of {} (-v shows them)",
                              count_of(count, "more finding", "more findings"), rule));
    }
}

/// The rules in one state with the reason of each, under a heading.
void show_rules(std::ostream& out, const Style& style, const Report& report, std::optional<State> state,
                std::string_view heading) {
    if (count_rules(report, state) == 0) {
        return;
    }
    out << '\n' << bold(style, heading) << '\n';
    for (const RuleOutcome& rule : report.rules) {
        if (rule.state == state) {
            paragraph(out, style, indent,
                      (rule.reason.empty() ? rule.id : rule.id + ": " + rule.reason) + waiting_text(rule));
        }
    }
}

void show_broken_files(std::ostream& out, const Style& style, const Report& report) {
    if (report.broken_files.empty()) {
        return;
    }
    out << '\n' << bold(style, "Files that cannot be used") << '\n';
    for (const std::string& file : report.broken_files) {
        paragraph(out, style, indent, file);
    }
}

void show_remarks(std::ostream& out, const Style& style, const Report& report) {
    if (report.remarks.empty()) {
        return;
    }
    out << '\n' << bold(style, "Notes") << '\n';
    for (const std::string& remark : report.remarks) {
        paragraph(out, style, indent, remark);
    }
}

void show_overrides(std::ostream& out, const Style& style, const Report& report) {
    const std::vector<std::string> lines = override_lines(report);
    if (lines.empty()) {
        return;
    }
    out << '\n' << bold(style, "Overrides") << '\n';
    for (const std::string& line : lines) {
        paragraph(out, style, indent, line);
    }
}

void last_lines(std::ostream& out, const Style& style, const Report& report) {
    if (style.verbosity >= 1) {
        show_overrides(out, style, report);
        show_rules(out, style, report, State::ok, "Rules passed");
        show_rules(out, style, report, std::nullopt, "Rules skipped");
        gap_list(out, style, report.gaps);
        show_remarks(out, style, report);
        return;
    }
    const std::size_t passed = count_rules(report, State::ok);
    const std::size_t skipped = count_rules(report, std::nullopt);
    if (passed + skipped + report.gaps.size() > 0) {
        const std::string seen =
            report.gaps.empty()
                ? ""
                : fmt::format(", {} not seen", count_of(report.gaps.size(), "value", "values"));
        out << '\n';
        paragraph(out, style, "",
                  fmt::format("{} passed, {} skipped{} (-v lists them)", count_of(passed, "rule", "rules"),
                              skipped, seen));
    }
}

} // namespace

void report_text(const Report& report, const Style& style, std::ostream& out) {
    first_line(out, style, report);
    if (style.verbosity < 0) {
        return;
    }
    origin_line(out, style, {report.host, report.kernel, report.time});
    show_broken_files(out, style, report);
    show_findings(out, style, report);
    show_rules(out, style, report, State::unknown, "Rules that could not be judged");
    last_lines(out, style, report);
}

} // namespace render
