#include "render/watch.h"

#include "base/number.h"
#include "base/text.h"
#include "render/report_words.h"
#include "render/table.h"
#include "render/words.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::State;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::string cut(std::string_view text, const Style& style) {
    return clip(safe_line(text), static_cast<std::size_t>(std::max(style.width, 1)));
}

std::string count_and_change(std::uint64_t now, const std::optional<std::uint64_t>& before) {
    if (!before || *before == now) {
        return std::to_string(now);
    }
    return fmt::format("{} ({}{})", now, now > *before ? "+" : "-",
                       now > *before ? now - *before : *before - now);
}

/// "ESTABLISHED 12 (+3), TIME_WAIT 900": the states that have sockets, or had.
std::string states_of(const facts::NetnsStates& now, const facts::NetnsStates* before) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < now.states.size(); ++i) {
        const auto count = sum(now.states[i].ipv4, now.states[i].ipv6);
        const auto former = before != nullptr && i < before->states.size()
                                ? sum(before->states[i].ipv4, before->states[i].ipv6)
                                : std::nullopt;
        if (count.value_or(0) > 0 || former.value_or(0) > 0) {
            parts.push_back(
                fmt::format("{} {}", now.states[i].name, count_and_change(count.value_or(0), former)));
        }
    }
    return parts.empty() ? "no connections" : base::join(parts, ", ");
}

std::string movements_of(const facts::NetnsLook& look) {
    std::vector<std::string> parts;
    for (const facts::Movement& movement : look.movements) {
        parts.push_back(fmt::format("{} {}/s", movement.what, base::to_text(movement.per_second)));
    }
    return base::join(parts, ", ");
}

void findings_lines(std::vector<std::string>& lines, const Watched& watched, const Style& style) {
    for (const Finding& finding : watched.report.findings) {
        const bool fresh = watched.is_new.contains(key_of(finding));
        const std::string text =
            cut(fmt::format("{} {}{}: {}{}", findings::name(finding.state), fresh ? "NEW " : "", finding.rule,
                            finding.summary, since_text(finding, watched.report.time)),
                style);
        const std::string word(findings::name(finding.state));
        lines.push_back(paint(style, finding.state, word) + text.substr(std::min(word.size(), text.size())));
    }
}

void netns_lines(std::vector<std::string>& lines, const Watched& watched, std::size_t i, const Style& style) {
    const facts::NetnsLook& here = watched.look.namespaces[i];
    const facts::NetnsLook* before = watched.before != nullptr && i < watched.before->namespaces.size()
                                         ? &watched.before->namespaces[i]
                                         : nullptr;
    std::ostringstream text;
    if (here.states.unknown) {
        paragraph(text, style, "",
                  "The counts are unknown, not zero: " + base::to_text(*here.states.unknown));
    } else {
        paragraph(text, style, "", states_of(here.states, before != nullptr ? &before->states : nullptr));
    }
    if (const std::string moved = movements_of(here); !moved.empty()) {
        paragraph(text, style, "", moved);
    }
    text << '\n';
    facts::NetnsPorts ports = here.ports;
    ports.gaps.clear();
    Style brief = style;
    brief.verbosity = -1;
    ports_text({}, {ports}, PortsView::table, brief, text);
    const auto more = lines_of(text.str());
    lines.push_back("");
    lines.insert(lines.end(), more.begin(), more.end());
}

std::string verdict(const findings::Report& report) {
    if (!report.findings.empty() && report.worst() == report.findings.front().state &&
        report.worst() > State::info) {
        return fmt::format("{}: {}", report.findings.front().rule, report.findings.front().summary);
    }
    for (const findings::RuleOutcome& rule : report.rules) {
        if (rule.state == State::unknown && report.worst() == State::unknown) {
            return fmt::format("cannot judge {}: {}", rule.id, rule.reason);
        }
    }
    return report.broken_files.empty() ? report.when_ok : "cannot use " + report.broken_files.front();
}

} // namespace

std::string key_of(const Finding& finding) {
    std::string key = finding.rule + '\n' + finding.netns;
    for (const auto& [column, value] : finding.subject) {
        key += '\n' + value;
    }
    return key;
}

std::vector<std::string> watch_picture(const Watched& watched, const Style& style, std::size_t height) {
    const std::string word(findings::name(watched.report.worst()));
    const std::string head = cut(fmt::format("{}  {}, {}", word, watched.report.host,
                                             rfc3339(watched.report.time).value_or("at an unknown time")),
                                 style);
    std::vector<std::string> lines = {paint(style, watched.report.worst(), word) +
                                      head.substr(std::min(word.size(), head.size()))};
    findings_lines(lines, watched, style);
    for (std::size_t i = 0; i < watched.look.namespaces.size(); ++i) {
        netns_lines(lines, watched, i, style);
    }
    if (lines.size() > height && height > 1) {
        const std::size_t hidden = lines.size() - height + 1;
        lines.resize(height - 1);
        lines.push_back(cut(fmt::format("... {} more lines", hidden), style));
    }
    return lines;
}

std::string watch_line(const Watched& watched) {
    const findings::Report& report = watched.report;
    std::string text = fmt::format("{} {}: {}", rfc3339(report.time).value_or("unknown-time"),
                                   findings::name(report.worst()), verdict(report));
    for (const facts::NetnsLook& here : watched.look.namespaces) {
        if (const std::string moved = movements_of(here); !moved.empty()) {
            text += "; " + moved;
        }
    }
    return safe_line(text);
}

} // namespace render
