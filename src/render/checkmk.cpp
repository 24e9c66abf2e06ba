// Local checks: STATE "NAME" METRICS TEXT, one space apart, a line each. The service "TCP" carries the
// numbers, and a service for each topic of the rules its state, so that an acknowledged warning hides no
// other. The names stay the same from run to run: a service that vanished would be stale.
#include "base/number.h"
#include "base/text.h"
#include "render/formats.h"
#include "render/nagios.h"
#include "render/report_words.h"
#include "render/words.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

constexpr std::size_t service_columns = 200;
constexpr std::size_t most_lines = 20;       // of details below the first line
constexpr std::string_view line_end = "\\n"; // two characters: Checkmk breaks the line there

/// A backslash of foreign text would be read as a line end.
std::string service_text(std::string_view text) {
    std::string line = base::one_line(base::plugin_safe(base::one_line(text)));
    std::replace(line.begin(), line.end(), '\\', '/');
    return clip(line, service_columns);
}

/// A level is one number; every other range is judged here and not shown there.
std::string level(std::string_view range) {
    const std::string_view shortest = shortest_range(range);
    return base::parse_decimal(shortest) ? std::string(shortest) : std::string();
}

std::string bound(std::optional<double> value) {
    return value ? base::to_text(*value, 3) : std::string();
}

std::string metrics_of(const Report& report) {
    std::string text;
    for (const findings::Perfdatum& datum : report.perfdata) {
        if (!datum.value) {
            continue; // Checkmk knows no unknown number
        }
        std::string metric =
            fmt::format("{}={};{};{};{};{}", datum.label, base::to_text(*datum.value, 3),
                        level(datum.warning), level(datum.critical), bound(datum.low), bound(datum.high));
        metric.erase(metric.find_last_not_of(';') + 1);
        text += (text.empty() ? "" : "|") + metric;
    }
    return text.empty() ? "-" : text;
}

void write_line(std::ostream& out, State state, std::string_view service, std::string_view metrics,
                const std::vector<std::string>& lines) {
    std::string name = service_text(service);
    std::erase(name, '"');
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i == most_lines) {
            text += fmt::format("{}and {} more", line_end, lines.size() - i);
            break;
        }
        text += (i == 0 ? "" : std::string(line_end)) + service_text(lines[i]);
    }
    out << fmt::format("{} \"{}\" {} {}\n", findings::exit_code(state), name, metrics, text);
}

std::vector<std::string> topics_of(const Report& report) {
    std::vector<std::string> topics;
    for (const RuleOutcome& rule : report.rules) {
        if (std::find(topics.begin(), topics.end(), rule.topic) == topics.end()) {
            topics.push_back(rule.topic);
        }
    }
    return topics;
}

std::string finding_line(const Report& report, const Finding& finding) {
    const std::string place = report.namespaces.size() > 1 ? " (in " + finding.netns + ")" : "";
    const std::string cause = cause_text(finding, report);
    return fmt::format("[{}] {}: {}{}{}", findings::name(finding.state), finding.rule, finding.summary, place,
                       cause.empty() ? "" : ", " + cause);
}

/// Findings first, because they are sorted and the first line is the summary.
void write_topic(const Report& report, const std::string& topic, std::ostream& out) {
    State worst = State::ok;
    std::vector<std::string> lines;
    std::size_t judged = 0;
    std::size_t rules = 0;
    for (const Finding& finding : report.findings) {
        const auto rule = std::find_if(report.rules.begin(), report.rules.end(),
                                       [&](const RuleOutcome& r) { return r.id == finding.rule; });
        if (rule != report.rules.end() && rule->topic == topic) {
            lines.push_back(finding_line(report, finding));
        }
    }
    for (const RuleOutcome& rule : report.rules) {
        if (rule.topic != topic) {
            continue;
        }
        ++rules;
        judged += rule.state ? 1 : 0;
        worst = std::max(worst, rule.state.value_or(State::ok));
        if (rule.state == State::unknown) {
            lines.push_back(fmt::format("[UNKNOWN] {}: {}", rule.id, rule.reason));
        }
    }
    if (lines.empty()) {
        lines.push_back(
            fmt::format("no problem found, {} of {} judged", judged, count_of(rules, "rule", "rules")));
    }
    write_line(out, worst, "TCP " + (topic.empty() ? "rules" : topic), "-", lines);
}

} // namespace

void report_checkmk(const Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    std::vector<std::string> lines;
    for (const std::string& file : report.broken_files) {
        lines.push_back("cannot use " + file);
    }
    lines.push_back(report.when_ok.empty() ? "looked at this host" : report.when_ok);
    write_line(out, report.broken_files.empty() ? State::ok : State::unknown, "TCP", metrics_of(report),
               lines);
    for (const std::string& topic : topics_of(report)) {
        write_topic(report, topic, out);
    }
}

void error_checkmk(const Failure& failure, std::ostream& out) {
    write_line(out, State::unknown, "TCP", "-", {failure.message});
}

} // namespace render
