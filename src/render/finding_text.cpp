#include "render/finding_text.h"

#include "base/number.h"
#include "base/text.h"
#include "render/perfdata.h"
#include "render/prose.h"
#include "render/wording.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Remedy;

constexpr std::string_view indent = "  ";

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

/// The value with its meaning: thresholds, how long, and where if there are several places.
std::string measure(const Finding& finding, const findings::Report& report) {
    std::vector<std::string> parts;
    const bool judged = !finding.warning.empty() || !finding.critical.empty();
    if (judged || (finding.value && !finding.unit.empty())) {
        parts.push_back(quantity(finding.value, finding.unit) + (finding.inferred ? " (inferred)" : ""));
    }
    if (!finding.warning.empty()) {
        parts.push_back(in_words("warning", finding.warning));
    }
    if (!finding.critical.empty()) {
        parts.push_back(in_words("critical", finding.critical));
    }
    if (const std::string since = since_text(finding, report.time); !since.empty()) {
        parts.push_back(since.substr(2) + fmt::format(" ({})", duration(report.time - *finding.since)));
    } else if (finding.since) {
        parts.emplace_back("seen for the first time");
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
        return std::string(prefix.size(), ' ') + fmt::format("{:<9}", name);
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

bool same_remedies(const Finding& a, const Finding& b) {
    return std::equal(a.remedies.begin(), a.remedies.end(), b.remedies.begin(), b.remedies.end(),
                      [](const Remedy& x, const Remedy& y) {
                          return x.text == y.text && x.command == y.command && x.undo == y.undo &&
                                 x.risk == y.risk && x.effect == y.effect;
                      });
}

void show_remedies(std::ostream& out, const Style& style, const Finding& finding) {
    if (finding.remedies.empty()) {
        return;
    }
    out << "\n  " << bold(style, "What to do") << '\n';
    for (std::size_t i = 0; i < finding.remedies.size(); ++i) {
        show_remedy(out, style, i + 1, finding.remedies[i]);
    }
}

void show_myths(std::ostream& out, const Style& style, const Finding& finding) {
    if (finding.myths.empty()) {
        return;
    }
    out << "\n  " << bold(style, "What does not help") << '\n';
    for (const findings::Myth& myth : finding.myths) {
        paragraph(out, style, "    - ", myth.change + (myth.effect.empty() ? "" : ": " + myth.effect));
        paragraph(out, style, "      ", myth.text);
    }
}

void show_more(std::ostream& out, const Style& style, const Finding& finding) {
    constexpr std::string_view topic = "explain:";
    out << '\n';
    command(out, "  More: ", "tcpadvisor explain " + one_line(finding.rule));
    std::vector<std::string> places;
    for (const std::string& place : finding.see) {
        places.push_back(place.starts_with(topic) ? "tcpadvisor explain " + place.substr(topic.size())
                                                  : place);
    }
    if (!places.empty()) {
        paragraph(out, style, "  See:  ", base::join(places, ", "));
    }
}

} // namespace

std::string since_text(const Finding& finding, double now) {
    constexpr double just_now = 1; // second
    const auto since =
        finding.since && now - *finding.since >= just_now ? rfc3339(*finding.since) : std::nullopt;
    return since ? ", since " + *since : "";
}

std::string waiting_text(const findings::RuleOutcome& rule) {
    if (rule.waiting == 0) {
        return {};
    }
    return fmt::format(", {} since {}, reported after {}", count_of(rule.waiting, "alerts", "alert"),
                       rfc3339(rule.waiting_since).value_or("now"), duration(rule.wait_seconds));
}

void finding_text(std::ostream& out, const Style& style, const Finding& finding, const Finding* explained,
                  const findings::Report& report) {
    out << '\n'
        << paint(style, finding.state, findings::name(finding.state)) << "  "
        << bold(style, safe_line(finding.rule)) << '\n';
    paragraph(out, style, indent, finding.summary.empty() ? finding.title : finding.summary);
    paragraph(out, style, indent, measure(finding, report));
    if (style.verbosity >= 1) {
        show_evidence(out, style, finding);
    }
    const bool why_is_new = explained == nullptr || explained->why != finding.why;
    if (why_is_new && !base::trim(finding.why).empty()) {
        out << '\n';
        paragraph(out, style, indent, finding.why);
    }
    if (explained == nullptr || !same_remedies(*explained, finding)) {
        show_remedies(out, style, finding);
        show_myths(out, style, finding);
    }
    if (explained == nullptr) {
        show_more(out, style, finding);
    }
}

} // namespace render
