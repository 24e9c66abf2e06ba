// Nagios 4, Icinga 2 and NRPE 4 each cut, rewrite or reinterpret something. What survives all of them is:
// performance data on line 1 only, no '|' in any text, no blank line, 1 KB for line 1 and 8 KB in all.
#include "render/nagios.h"

#include "base/number.h"
#include "base/text.h"
#include "render/formats.h"
#include "render/report_words.h"
#include "render/words.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {

namespace {

using findings::Finding;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

constexpr int decimals = 3;

std::string limit(std::optional<double> value) {
    return value && std::isfinite(*value) ? base::to_text(*value, decimals) : std::string();
}

constexpr std::size_t line_1_columns = 200;
constexpr std::size_t line_1_bytes = 1000; // NRPE's version 2 packets carry 1023
constexpr std::size_t shortest_text =
    40; // bytes that line 1 says in words, however much performance data there is
constexpr std::size_t broken_file_columns = 60;
constexpr std::size_t line_columns = 300;
constexpr std::size_t line_bytes = 600;
constexpr std::size_t all_bytes = 8192;
constexpr std::size_t findings_bytes = 6144; // leaves room for the command and for what could not be judged
constexpr std::size_t unknown_bytes = 7680;
constexpr std::size_t remainder_bytes = 40; // "and 1234 more findings"

/// Quotes vanish instead of leaving the space that nagios_safe puts in their place.
std::string plain(std::string_view text) {
    std::string unquoted = base::one_line(text);
    std::erase_if(unquoted, [](char c) { return c == '\'' || c == '"'; });
    return base::one_line(base::nagios_safe(unquoted));
}

/// The word for a state on line 1, where Nagios knows no INFO.
std::string_view plugin_state(State state) {
    return findings::name(state == State::info ? State::ok : state);
}

std::string first_of(std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) {
        if (std::string line = plain(text); !line.empty()) {
            return line;
        }
    }
    return {};
}

std::string summary_of(const Report& report, const Finding& finding) {
    std::string text = first_of({finding.summary, finding.title, finding.rule, "no summary"});
    if (report.namespaces.size() > 1) {
        text += fmt::format(" (in {})", plain(finding.netns));
    }
    return text;
}

std::vector<const RuleOutcome*> unknown_rules(const Report& report) {
    std::vector<const RuleOutcome*> rules;
    for (const RuleOutcome& rule : report.rules) {
        if (rule.state == State::unknown) {
            rules.push_back(&rule);
        }
    }
    return rules;
}

std::string reason_of(const RuleOutcome& rule) {
    return first_of({rule.reason, "no reason given"});
}

std::string broken_files(const Report& report) {
    std::string text =
        "cannot use " + clip(first_of({report.broken_files.front(), "a rules file"}), broken_file_columns);
    if (report.broken_files.size() > 1) {
        text += " and " + count_of(report.broken_files.size() - 1, "more file", "more files");
    }
    return text;
}

bool finding_leads(const Report& report) {
    const State worst = report.worst();
    return worst > State::info && !report.findings.empty() && report.findings.front().state == worst;
}

/// What line 1 says first: the worst finding, else what could not be judged, else what was looked at.
std::string line_1_headline(const Report& report) {
    if (finding_leads(report)) {
        return summary_of(report, report.findings.front());
    }
    if (const auto unknown = unknown_rules(report); !unknown.empty()) {
        return fmt::format("cannot judge {}: {}", plain(unknown.front()->id), reason_of(*unknown.front()));
    }
    const std::string all_well = first_of({report.when_ok, "no problem found"});
    return report.broken_files.empty() ? all_well : broken_files(report) + ", otherwise " + all_well;
}

/// What line 1 says after the headline and never loses to a long one: how much more there is, and broken
/// files.
std::string appendix(const Report& report) {
    std::string text;
    const auto others = static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(),
                                                               [](const Finding& finding) {
                                                                   return finding.state > State::info &&
                                                                          !finding.explained_by;
                                                               }) -
                                                 (finding_leads(report) ? 1 : 0));
    if (others > 0) {
        text += ", " + count_of(others, "more finding", "more findings");
    }
    const std::size_t unknown = unknown_rules(report).size();
    if (unknown > 0 && finding_leads(report)) {
        text += ", " + count_of(unknown, "rule", "rules") + " not judged";
    } else if (unknown > 1) {
        text += ", " + count_of(unknown - 1, "more rule", "more rules") + " not judged";
    }
    if (!report.blind.empty() && finding_leads(report)) {
        text += ", " + clip(report.blind, broken_file_columns);
    }
    for (const std::string& note : report.notes) {
        text += ", " + clip(note, broken_file_columns);
    }
    if (!report.assumed.empty()) {
        text += ", as if " + clip(base::join(report.assumed, " and "), broken_file_columns);
    }
    if (report.worst() == State::info) {
        text += ", " + count_of(report.findings.size(), "piece of advice", "pieces of advice");
    }
    if (!report.broken_files.empty() && (finding_leads(report) || unknown > 0)) {
        text += ", " + broken_files(report);
    }
    return text;
}

std::string line_1(std::string_view state, std::string_view text, std::string_view rest,
                   std::string_view perfdata) {
    const std::string start = fmt::format("TCP {}: ", state);
    const std::size_t fixed = start.size() + rest.size() + perfdata.size() + 1;
    const std::size_t bytes = std::max(line_1_bytes - std::min(fixed, line_1_bytes), shortest_text);
    const std::size_t columns =
        line_1_columns - std::min(start.size() + base::display_width(rest), line_1_columns);
    std::string line = start + clip(text, std::max(columns, shortest_text), bytes) + std::string(rest);
    if (!perfdata.empty()) {
        line += '|';
        line += perfdata;
    }
    return line;
}

/// Appends lines until `limit` bytes of `output` are full, then says how many more there are.
void append(std::string& output, const std::vector<std::string>& lines, std::size_t limit,
            std::string_view noun) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string line = clip(lines[i], line_columns, line_bytes);
        if (output.size() + line.size() + remainder_bytes > limit) {
            output += fmt::format("and {} more {}\n", lines.size() - i, noun);
            return;
        }
        output += line;
        output += '\n';
    }
}

std::vector<std::string> finding_lines(const Report& report) {
    std::vector<std::string> lines;
    for (const Finding& finding : report.findings) {
        if (!finding.explained_by) {
            lines.push_back(fmt::format("[{}] {}: {}{}{}", findings::name(finding.state), plain(finding.rule),
                                        summary_of(report, finding), since_text(finding, report.time),
                                        plain(also_text(finding, report))));
        }
    }
    return lines;
}

std::vector<std::string> unjudged_lines(const Report& report) {
    std::vector<std::string> lines;
    for (const std::string& file : report.broken_files) {
        lines.push_back("[UNKNOWN] cannot use " + first_of({file, "a rules file"}));
    }
    for (const Unjudged& group : unjudged(report)) {
        lines.push_back("[UNKNOWN] " + plain(unjudged_text(group)));
    }
    return lines;
}

std::vector<std::string> quiet_rule_lines(const Report& report) {
    std::vector<std::string> lines;
    for (const RuleOutcome& rule : report.rules) {
        if (rule.state == State::ok) {
            lines.push_back(
                fmt::format("[OK] {}: {} judged{}", plain(rule.id), rule.judged, waiting_text(rule)));
        }
    }
    for (const RuleOutcome& rule : report.rules) {
        if (!rule.state) {
            lines.push_back(fmt::format("[SKIPPED] {}: {}", plain(rule.id), reason_of(rule)));
        }
    }
    return lines;
}

std::vector<std::string> note_lines(const std::vector<std::string>& notes) {
    std::vector<std::string> lines;
    lines.reserve(notes.size());
    for (const std::string& note : notes) {
        lines.push_back("note: " + plain(note));
    }
    return lines;
}

std::vector<std::string> safe_override_lines(const Report& report) {
    std::vector<std::string> lines = override_lines(report);
    std::transform(lines.begin(), lines.end(), lines.begin(), plain);
    return lines;
}

std::vector<std::string> gap_lines(const Report& report) {
    std::vector<std::string> lines;
    for (const base::Gap& gap : report.gaps) {
        lines.push_back("not seen: " + plain(base::to_text(gap)));
    }
    return lines;
}

} // namespace

std::string_view shortest_range(std::string_view range) {
    for (const std::string_view zero : {"0:", ":"}) {
        if (range.size() > zero.size() && range.starts_with(zero)) {
            return range.substr(zero.size());
        }
    }
    return range;
}

std::string to_perfdata(const findings::Perfdatum& datum) {
    const bool known = datum.value && std::isfinite(*datum.value);
    std::string text = datum.label + '=';
    text += known ? base::to_text(*datum.value, decimals) + datum.unit : "U";
    text += ';';
    text += shortest_range(datum.warning);
    text += ';';
    text += shortest_range(datum.critical);
    text += ';' + limit(datum.low) + ';' + limit(datum.high);
    text.erase(text.find_last_not_of(';') + 1);
    return text;
}

std::string to_perfdata(const std::vector<findings::Perfdatum>& data) {
    std::string text;
    for (const findings::Perfdatum& datum : data) {
        if (!text.empty()) {
            text += ' ';
        }
        text += to_perfdata(datum);
    }
    return text;
}

void report_nagios(const Report& report, const facts::Picture*, const Style& style, std::ostream& out) {
    std::string output = line_1(plugin_state(report.worst()), line_1_headline(report), appendix(report),
                                to_perfdata(report.perfdata)) +
                         '\n';
    if (style.verbosity >= 0) {
        append(output, finding_lines(report), findings_bytes, "findings");
        if (!report.findings.empty()) {
            output += clip("run: tcpadvisor explain " + plain(report.findings.front().rule), line_columns,
                           line_bytes) +
                      '\n';
        }
        append(output, unjudged_lines(report), unknown_bytes, "not judged");
        append(output, note_lines(report.notices), unknown_bytes, "notes");
    }
    if (style.verbosity >= 1) {
        append(output, safe_override_lines(report), unknown_bytes, "overrides");
        append(output, note_lines(report.remarks), unknown_bytes, "notes");
        append(output, quiet_rule_lines(report), all_bytes - remainder_bytes, "rules");
    }
    if (style.verbosity >= 2) {
        append(output, gap_lines(report), all_bytes, "gaps");
    }
    out << output;
}

/// A person made the mistake and wants to read the range or path that was meant: quotes and '~' stay.
void error_nagios(const Failure& failure, std::ostream& out) {
    const auto spoken = [](std::string_view text) {
        return base::one_line(base::plugin_safe(base::one_line(text)));
    };
    std::string said = spoken(failure.message);
    if (said.empty()) {
        said = "the check itself failed";
    }
    std::string output = line_1(findings::name(State::unknown), said, {}, {}) + '\n';
    std::vector<std::string> lines;
    for (const std::string& detail : failure.details) {
        if (std::string line = spoken(detail); !line.empty()) {
            lines.push_back(std::move(line));
        }
    }
    append(output, lines, all_bytes, "lines");
    out << output;
}

} // namespace render
