// What a person reads at three in the morning: the worst thing first, the number, what it means, what to do.
#include "base/text.h"
#include "base/number.h"
#include "render/perfdata.h"
#include "render/prose.h"
#include "render/reports.h"
#include "render/wording.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Remedy;
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
    std::string line =
        clip(safe_line(text), static_cast<std::size_t>(std::max(style.width, 40)) - word.size() - 2);
    out << paint(style, worst, word) << ": " << line << '\n';
}

void origin_line(std::ostream& out, const Style& style, const Report& report) {
    std::vector<std::string> parts;
    for (const std::string& part : {report.host, report.kernel, rfc3339(report.time).value_or("")}) {
        if (!part.empty()) {
            parts.push_back(part == report.kernel ? "Linux " + part : part);
        }
    }
    if (!parts.empty()) {
        paragraph(out, style, "", base::join(parts, ", "));
    }
}

/// "critical above 90": a Nagios range in words.
std::string in_words(std::string_view state, std::string_view range) {
    const std::string_view shortest = shortest_range(range);
    if (base::parse_decimal(shortest)) {
        return fmt::format("{} above {}", state, shortest);
    }
    if (shortest.starts_with("~:")) {
        return fmt::format("{} above {}", state, shortest.substr(2));
    }
    if (shortest.ends_with(':')) {
        return fmt::format("{} below {}", state, shortest.substr(0, shortest.size() - 1));
    }
    return shortest.starts_with('@') ? fmt::format("{} inside {}", state, shortest.substr(1))
                                     : fmt::format("{} outside {}", state, shortest);
}

std::string measure(const Report& report, const Finding& finding) {
    std::vector<std::string> parts;
    if (finding.value) {
        parts.push_back(quantity(finding.value, finding.unit) + (finding.inferred ? " (inferred)" : ""));
    }
    if (!finding.warning.empty()) {
        parts.push_back(in_words("warning", finding.warning));
    }
    if (!finding.critical.empty()) {
        parts.push_back(in_words("critical", finding.critical));
    }
    if (const auto since = finding.since ? rfc3339(*finding.since) : std::nullopt) {
        parts.push_back("since " + *since);
    }
    if (report.namespaces.size() > 1) {
        parts.push_back("in " + finding.network_namespace);
    }
    return base::join(parts, ", ");
}

std::string evidence_text(const findings::Evidence& evidence) {
    std::string value = quantity(evidence.number, evidence.unit);
    if (evidence.text) {
        value = *evidence.text;
    } else if (evidence.truth) {
        value = *evidence.truth ? "yes" : "no";
    }
    return fmt::format("{}: {}{}", evidence.name, value, evidence.inferred ? " (inferred)" : "");
}

void show_evidence(std::ostream& out, const Style& style, const Finding& finding) {
    std::vector<std::string> parts;
    for (const findings::Evidence& evidence : finding.evidence) {
        parts.push_back(evidence_text(evidence));
    }
    if (!parts.empty()) {
        out << '\n';
        paragraph(out, style, "  Evidence: ", base::join(parts, ", "));
    }
}

void show_remedy(std::ostream& out, const Style& style, std::size_t number, const Remedy& remedy) {
    const std::string prefix = fmt::format("{:>4}. ", number);
    paragraph(out, style, prefix, remedy.text);
    const auto label = [&](std::string_view name) {
        return std::string(prefix.size(), ' ') + fmt::format("{:<8}", name);
    };
    if (!remedy.command.empty()) {
        command(out, label("command"), remedy.command);
    }
    if (!remedy.undo.empty()) {
        command(out, label("undo"), remedy.undo);
    }
    if (!remedy.risk.empty()) {
        paragraph(out, style, label("risk"), remedy.risk);
    }
    if (!remedy.effect.empty()) {
        paragraph(out, style, label("effect"), remedy.effect);
    }
}

void show_finding(std::ostream& out, const Style& style, const Report& report, const Finding& finding) {
    out << '\n'
        << paint(style, finding.state, findings::name(finding.state)) << "  "
        << bold(style, safe_line(finding.rule)) << '\n';
    paragraph(out, style, indent, finding.summary.empty() ? finding.title : finding.summary);
    paragraph(out, style, indent, measure(report, finding));
    if (style.verbosity >= 1) {
        show_evidence(out, style, finding);
    }
    if (!base::trim(finding.why).empty()) {
        out << '\n';
        paragraph(out, style, indent, finding.why);
    }
    if (!finding.remedies.empty()) {
        out << "\n  " << bold(style, "What to do") << '\n';
    }
    for (std::size_t i = 0; i < finding.remedies.size(); ++i) {
        show_remedy(out, style, i + 1, finding.remedies[i]);
    }
    out << '\n';
    command(out, "  More: ", "tcpadvisor explain " + one_line(finding.rule));
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
            paragraph(out, style, indent, rule.reason.empty() ? rule.id : rule.id + ": " + rule.reason);
        }
    }
}

void show_list(std::ostream& out, const Style& style, const std::vector<std::string>& lines,
               std::string_view heading) {
    if (lines.empty()) {
        return;
    }
    out << '\n' << bold(style, heading) << '\n';
    for (const std::string& line : lines) {
        paragraph(out, style, indent, line);
    }
}

void last_lines(std::ostream& out, const Style& style, const Report& report) {
    std::vector<std::string> gaps;
    for (const base::Gap& gap : report.gaps) {
        gaps.push_back(base::to_text(gap));
    }
    if (style.verbosity >= 1) {
        show_rules(out, style, report, State::ok, "Rules passed");
        show_rules(out, style, report, std::nullopt, "Rules skipped");
        show_list(out, style, gaps, "Not seen");
        return;
    }
    const std::size_t passed = count_rules(report, State::ok);
    const std::size_t skipped = count_rules(report, std::nullopt);
    if (passed + skipped + gaps.size() > 0) {
        const std::string seen =
            gaps.empty() ? "" : fmt::format(", {} not seen", count_of(gaps.size(), "value", "values"));
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
    origin_line(out, style, report);
    show_list(out, style, report.broken_files, "Files that cannot be used");
    for (const Finding& finding : report.findings) {
        show_finding(out, style, report, finding);
    }
    show_rules(out, style, report, State::unknown, "Rules that could not be judged");
    last_lines(out, style, report);
}

} // namespace render
