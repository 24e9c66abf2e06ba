#include "render/finding_text.h"

#include "base/text.h"
#include "render/finding_words.h"
#include "render/prose.h"
#include "render/wording.h"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Remedy;

constexpr std::string_view indent = "  ";

/// Once for each subject, however many rules it breaks.
void show_who(std::ostream& out, const Style& style, const Finding& finding, const findings::Report& report,
              const facts::Picture* picture) {
    const std::string who = who_text(finding, picture);
    if (who.empty()) {
        return;
    }
    bool is_told = false;
    for (const Finding& earlier : report.findings) {
        if (&earlier == &finding) {
            break;
        }
        is_told = is_told || (earlier.subject == finding.subject && who_text(earlier, picture) == who);
    }
    paragraph(out, style, "  Who: ", is_told ? "as above" : who);
}

/// Short, unless all is asked for.
void show_evidence(std::ostream& out, const Style& style, const Finding& finding) {
    constexpr std::size_t enough = 6;
    std::vector<std::string> parts;
    for (const findings::Evidence& evidence : finding.evidence) {
        if (style.verbosity >= 1 || (parts.size() < enough && !is_unknown(evidence))) {
            parts.push_back(evidence_text(evidence));
        }
    }
    if (!parts.empty()) {
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

void show_more(std::ostream& out, const Style& style, const Finding& finding,
               const findings::Report& report) {
    out << '\n';
    std::string_view label = "  Next: ";
    for (const std::string& next : next_commands(finding, report)) {
        command(out, label, next);
        label = "        ";
    }
    if (const auto places = places_to_see(finding); !places.empty()) {
        paragraph(out, style, "  See:  ", base::join(places, ", "));
    }
}

} // namespace

void finding_text(std::ostream& out, const Style& style, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture) {
    const Finding& finding = *shown.finding;
    const Finding* explained = shown.explained;
    out << '\n'
        << paint(style, finding.state, findings::name(finding.state)) << "  "
        << bold(style, safe_line(finding.rule)) << '\n';
    paragraph(out, style, indent, finding.summary.empty() ? finding.title : finding.summary);
    paragraph(out, style, indent, measure(finding, report));
    show_who(out, style, finding, report, picture);
    show_evidence(out, style, finding);
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
        show_more(out, style, finding, report);
    }
}

} // namespace render
