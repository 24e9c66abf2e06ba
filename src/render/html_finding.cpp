#include "render/html.h"

#include "base/text.h"
#include "render/finding_words.h"
#include "render/wording.h"

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Remedy;

void row(std::ostream& out, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        out << "<dt>" << name << "</dt><dd>" << escaped(text) << "</dd>\n";
    }
}

void command_row(std::ostream& out, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        out << "<dt>" << name << "</dt><dd>";
        html_command(out, text);
        out << "</dd>\n";
    }
}

void show_evidence(std::ostream& out, const Finding& finding) {
    if (finding.evidence.empty()) {
        return;
    }
    out << "<dt>Evidence</dt><dd><ul class=\"chips\">";
    for (const findings::Evidence& evidence : finding.evidence) {
        out << "<li>" << escaped(evidence_text(evidence)) << "</li>";
    }
    out << "</ul></dd>\n";
}

void show_remedies(std::ostream& out, const Finding& finding) {
    if (finding.remedies.empty()) {
        return;
    }
    out << "<h4>What to do</h4>\n<ol class=\"remedies\">\n";
    for (const Remedy& remedy : finding.remedies) {
        out << "<li>" << escaped(remedy.text) << '\n';
        const bool bare =
            remedy.command.empty() && remedy.undo.empty() && remedy.risk.empty() && remedy.effect.empty();
        if (!bare) {
            out << "<dl class=\"facts\">\n";
            command_row(out, "Command", remedy.command);
            command_row(out, "Undo", remedy.undo);
            row(out, "Risk", remedy.risk);
            row(out, "Effect", remedy.effect);
            out << "</dl>\n";
        }
        out << "</li>\n";
    }
    out << "</ol>\n";
}

void show_myths(std::ostream& out, const Finding& finding) {
    if (finding.myths.empty()) {
        return;
    }
    out << "<h4>What does not help</h4>\n<ul class=\"plain\">\n";
    for (const findings::Myth& myth : finding.myths) {
        out << "<li><code>" << escaped(myth.change) << "</code>"
            << (myth.effect.empty() ? "" : ": " + escaped(myth.effect)) << "<br>" << escaped(myth.text)
            << "</li>\n";
    }
    out << "</ul>\n";
}

void show_more(std::ostream& out, const Finding& finding, const findings::Report& report) {
    out << "<h4>Next</h4>\n";
    html_command(out, base::join(next_commands(finding, report), "\n"));
    if (const auto places = places_to_see(finding); !places.empty()) {
        out << "\n<p class=\"soft small\">See " << escaped(base::join(places, ", ")) << "</p>";
    }
    out << '\n';
}

} // namespace

void html_finding(std::ostream& out, std::size_t number, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture) {
    const Finding& finding = *shown.finding;
    out << fmt::format(
        "<article class=\"card {}\" id=\"finding-{}\">\n<h3>{}<span class=\"id\">{}</span></h3>\n",
        findings::word(finding.state), number, html_badge(finding.state), escaped(finding.rule));
    out << "<p class=\"measure\">" << escaped(finding.summary.empty() ? finding.title : finding.summary)
        << "</p>\n<dl class=\"facts\">\n";
    row(out, "Measured", measure(finding, report));
    row(out, "Who", who_text(finding, picture));
    show_evidence(out, finding);
    out << "</dl>\n";
    if (shown.explained == nullptr || shown.explained->why != finding.why) {
        html_paragraphs(out, finding.why);
    }
    if (shown.explained == nullptr || !same_remedies(*shown.explained, finding)) {
        show_remedies(out, finding);
        show_myths(out, finding);
    }
    if (shown.explained == nullptr) {
        show_more(out, finding, report);
    }
    out << "</article>\n";
}

} // namespace render
