// What a person reads at three in the morning: the worst thing first, the number, what it means, what to do.
#include "base/text.h"
#include "render/finding_text.h"
#include "render/override_text.h"
#include "render/picture_text.h"
#include "render/prose.h"
#include "render/reports.h"
#include "render/wording.h"

#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Report;
using findings::RuleOutcome;
using findings::State;

constexpr std::string_view indent = "  ";

/// Quiet output is for scripts, and stays on one line.
void first_line(std::ostream& out, const Style& style, const Report& report) {
    const State worst = report.worst();
    const std::string word(verdict_word(report));
    if (style.verbosity < 0) {
        out << paint(style, worst, word) << ": " << safe_line(headline(report)) << '\n';
        return;
    }
    std::ostringstream lines;
    paragraph(lines, style, word + ": ", headline(report));
    out << paint(style, worst, word) << lines.str().substr(word.size());
}

/// Each finding, but of many about one rule only the first ones, and its explanation once.
void show_findings(std::ostream& out, const Style& style, const Report& report,
                   const facts::Picture* picture) {
    constexpr std::size_t enough = 10;
    const ShownFindings all = shown_findings(report, style.verbosity < 1 ? enough : report.findings.size());
    for (const Shown& shown : all.shown) {
        finding_text(out, style, shown, report, picture);
    }
    if (!all.left_out.empty()) {
        out << '\n';
    }
    for (const auto& [rule, count] : all.left_out) {
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
            paragraph(out, style, indent, rule_text(rule));
            if (!rule.numbers.empty()) {
                paragraph(out, style, "    ", rule.numbers);
            }
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

void report_text(const Report& report, const facts::Picture* picture, const Style& style, std::ostream& out) {
    first_line(out, style, report);
    if (style.verbosity < 0) {
        return;
    }
    origin_line(out, style, {report.host, report.kernel, report.time});
    show_broken_files(out, style, report);
    show_findings(out, style, report, picture);
    show_rules(out, style, report, State::unknown, "Rules that could not be judged");
    const bool all_is_well = report.worst() <= State::info;
    if (picture != nullptr && (!all_is_well || style.verbosity >= 1)) {
        picture_text(out, style, *picture, report);
    }
    last_lines(out, style, report);
}

} // namespace render
