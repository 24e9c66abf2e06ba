// The report as one page, for a ticket: the same content as the text, and always the picture. It needs no
// script, no network and no other file.
#include "render/html.h"

#include "base/text.h"
#include "render/formats.h"
#include "render/report_words.h"
#include "render/words.h"

#include <fmt/format.h>

namespace render {

namespace {

using findings::Finding;
using findings::Remedy;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

std::string without_markup(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    for (const char c : text) {
        switch (c) {
        case '&':
            safe += "&amp;";
            break;
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '"':
            safe += "&quot;";
            break;
        case '\'':
            safe += "&#39;";
            break;
        default:
            safe += c;
        }
    }
    return safe;
}

/// A paragraph for each part between blank lines.
void paragraphs(std::ostream& out, std::string_view text) {
    for (const std::string& part : paragraphs_of(text)) {
        if (!base::trim(part).empty()) {
            out << "<p>" << escaped(part) << "</p>\n";
        }
    }
}

/// A command with its line ends, for copying.
void command_block(std::ostream& out, std::string_view text) {
    out << "<pre><code>";
    bool first = true;
    for (const std::string_view line : base::split(base::trim(text), '\n')) {
        out << (first ? "" : "\n") << without_markup(base::printable(line));
        first = false;
    }
    out << "</code></pre>";
}

/// The word of a state, in its colours.
std::string badge(findings::State state) {
    return fmt::format(R"(<span class="badge {}">{}</span>)", findings::word(state), findings::name(state));
}

// The looks of the page: sober, with the fonts of the reader's system. Every colour has a word beside it.

std::string_view style_sheet() {
    return R"(:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d9dee4; --code: #f0f2f5;
  --ok: #1a7f37; --info: #0969a8; --unknown: #7a3fb0; --warning: #8a5a00; --critical: #b3201a;
  --bar: #4a7fb5; --track: #e6eaef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101418; --card: #181d23; --ink: #e6e9ed; --soft: #9aa4af; --line: #2f3740; --code: #11161b;
    --ok: #57c274; --info: #62b0e8; --unknown: #c297f0; --warning: #e3ac4a; --critical: #ff8078;
    --bar: #5b95cf; --track: #29313a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: .35rem 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .8rem; }
h3 { font-size: 1.05rem; line-height: 1.35; margin: 0 0 .5rem; }
h4 { font-size: .95rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; max-width: 46rem; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
code, pre, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, .id { font-size: .875em; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .45rem .65rem;
  margin: .15rem 0; overflow-x: auto; white-space: pre-wrap; font-size: .95rem; line-height: 1.4; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.15rem;
  margin: 0 0 1rem; }
.card.ok, .card.info, .card.unknown, .card.warning, .card.critical { border-left: 5px solid var(--tone); }
.ok { --tone: var(--ok); } .info { --tone: var(--info); } .unknown { --tone: var(--unknown); }
.warning { --tone: var(--warning); } .critical { --tone: var(--critical); }
.badge { display: inline-block; color: var(--tone); border: 1.5px solid var(--tone); border-radius: 5px;
  font-size: .75rem; font-weight: 700; letter-spacing: .04em; line-height: 1.2; padding: .15rem .45rem;
  margin-right: .5rem; }
.verdict { padding: 1.2rem 1.3rem; }
.verdict .badge { color: var(--card); background: var(--tone); font-size: .9rem; }
.measure { font-weight: 600; }
.overview { list-style: none; margin: .8rem 0 0; padding: .7rem 0 0; border-top: 1px solid var(--line); }
.overview li { margin: .3rem 0; }
.overview a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--soft); }
.verdict .overview .badge { color: var(--tone); background: none; font-size: .7rem; min-width: 5.6rem; text-align: center; }
article { scroll-margin-top: .8rem; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .9rem; margin: .5rem 0;
  align-items: baseline; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; min-width: 0; }
ul.chips { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem .4rem; padding: 0; margin: 0; }
ul.chips li { background: var(--code); border: 1px solid var(--line); border-radius: 5px; font-size: .85rem;
  padding: .05rem .45rem; max-width: 100%; }
ol.remedies { padding-left: 1.5rem; margin: .3rem 0; }
ol.remedies > li { margin: 0 0 .8rem; }
ol.remedies .facts { grid-template-columns: 6rem minmax(0, 1fr); }
ul.plain { padding-left: 1.2rem; margin: .3rem 0; }
.pictures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; align-items: start; }
.pictures .card { margin: 0; min-width: 0; }
.pictures .wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
table .small { font-size: .95em; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .25rem .6rem; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tr:last-child > td, tr:last-child > th { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 9rem; }
td.meter { width: 40%; min-width: 4rem; }
.track { display: block; height: .8rem; border-radius: 3px; overflow: hidden; }
.gauge { background: var(--track); }
.track > span { display: block; height: 100%; min-width: 2px; border-radius: 3px; background: var(--bar); }
.zero td, .zero th { color: var(--soft); }
svg { display: block; width: 100%; max-width: 32rem; height: auto; margin: 0 auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 13px; text-anchor: middle; }
svg .name { font-size: 11.5px; font-weight: 600; letter-spacing: .01em; }
svg .count { font-size: 16px; font-weight: 700; }
svg .hint { fill: var(--soft); font-size: 12px; }
svg .line { fill: none; stroke: var(--soft); stroke-width: 1.4; }
svg .head { fill: var(--soft); }
svg .box { fill: var(--code); stroke: var(--bar); stroke-width: 1.6; }
svg .empty .box { stroke: var(--line); }
svg .empty text { fill: var(--soft); font-weight: 400; }
summary { cursor: pointer; font-weight: 600; }
details > :not(summary) { margin-top: .6rem; }
footer { margin-top: 2rem; }
@media (max-width: 52rem) { .pictures { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 30rem) {
  main { padding: .8rem .6rem 2rem; }
  .card { padding: .8rem .8rem; }
  .facts, ol.remedies .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .45rem; }
  th, td { padding: .25rem .35rem; }
  th { white-space: normal; vertical-align: bottom; }
  table { font-size: .82rem; }
  td.name { min-width: 6.6rem; }
  td.meter { min-width: 2.5rem; width: 25%; }
  .secondary { display: none; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --code: #f4f4f4;
    --ok: #1a7f37; --info: #0969a8; --unknown: #7a3fb0; --warning: #8a5a00; --critical: #b3201a;
    --bar: #4a7fb5; --track: #e2e6ea; color-scheme: light; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h2, h3, h4 { break-after: avoid; }
  .pictures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; }
  th { white-space: normal; vertical-align: bottom; }
  th, td { padding: .2rem .35rem; }
  td.name { min-width: 6rem; }
  td.meter { min-width: 2.5rem; }
  .pictures .card, li, tr, pre { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
)";
}

void row(std::ostream& out, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        out << "<dt>" << name << "</dt><dd>" << escaped(text) << "</dd>\n";
    }
}

void command_row(std::ostream& out, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        out << "<dt>" << name << "</dt><dd>";
        command_block(out, text);
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
        const bool bare = remedy.command.empty() && remedy.undo.empty() && remedy.outside.empty() &&
                          remedy.risk.empty() && remedy.effect.empty();
        if (!bare) {
            out << "<dl class=\"facts\">\n";
            command_row(out, "Command", remedy.command);
            command_row(out, "On the node", remedy.on_node);
            command_row(out, "Undo", remedy.undo);
            row(out, "Outside", remedy.outside);
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
    command_block(out, base::join(next_commands(finding, report), "\n"));
    if (const auto places = places_to_see(finding); !places.empty()) {
        out << "\n<p class=\"soft small\">See " << escaped(base::join(places, ", ")) << "</p>";
    }
    out << '\n';
}

/// `number` is its place in the page, which links point to.
void finding_card(std::ostream& out, std::size_t number, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture) {
    const Finding& finding = *shown.finding;
    out << fmt::format(
        "<article class=\"card {}\" id=\"finding-{}\">\n<h3>{}<span class=\"id\">{}</span></h3>\n",
        findings::word(finding.state), number, badge(finding.state), escaped(finding.rule));
    out << "<p class=\"measure\">" << escaped(finding.summary.empty() ? finding.title : finding.summary)
        << "</p>\n<dl class=\"facts\">\n";
    row(out, "Measured", measure(finding, report));
    row(out, "Who", who_text(finding, picture));
    row(out, "Also", base::join(also_lines(finding, report), "; "));
    show_evidence(out, finding);
    out << "</dl>\n";
    if (shown.explained == nullptr || shown.explained->why != finding.why) {
        paragraphs(out, finding.why);
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

/// `title` is safe for HTML.
void page_head(std::ostream& out, std::string_view title) {
    out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n"
           // A file for a ticket asks nothing of the network, whatever the future adds to it.
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'\">\n"
        << "<title>" << title << "</title>\n<style>\n"
        << style_sheet() << "</style>\n</head>\n<body>\n<main>\n";
}

void page_foot(std::ostream& out) {
    out << "<footer class=\"soft small\">Made by tcpadvisor, which reads and advises and changes nothing."
           "</footer>\n</main>\n</body>\n</html>\n";
}

std::string page_title(const Report& report) {
    return fmt::format("TCP {}{}", verdict_word(report),
                       report.host.empty() ? "" : " on " + escaped(report.host));
}

/// All findings at a glance, where there is more than the one of the heading.
void overview(std::ostream& out, const Report& report) {
    constexpr std::size_t enough = 10;
    const std::vector<Shown> all = shown_findings(report);
    if (all.size() < 2) {
        return;
    }
    out << "<ol class=\"overview\">\n";
    for (std::size_t i = 0; i < all.size() && i < enough; ++i) {
        const findings::Finding& finding = *all[i].finding;
        out << fmt::format("<li>{}<a href=\"#finding-{}\">{}</a></li>\n", badge(finding.state), i + 1,
                           escaped(finding.summary.empty() ? finding.title : finding.summary));
    }
    if (all.size() > enough) {
        out << "<li class=\"soft\">and " << all.size() - enough << " more</li>\n";
    }
    out << "</ol>\n";
}

void verdict(std::ostream& out, const Report& report) {
    const State worst = report.worst();
    const State shown = worst == State::info ? State::ok : worst;
    out << fmt::format("<header class=\"card verdict {}\">\n{}\n<h1>{}</h1>\n<p class=\"soft\">{}</p>\n",
                       findings::word(shown), badge(shown), escaped(headline(report)),
                       escaped(origin_text(report.host, report.kernel, report.time) +
                               (report.version.empty() ? "" : ", tcpadvisor " + report.version)));
    overview(out, report);
    out << "</header>\n";
}

void list(std::ostream& out, std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) {
        return;
    }
    out << "<h2>" << title << "</h2>\n<div class=\"card\"><ul class=\"plain\">\n";
    for (const std::string& line : lines) {
        out << "<li>" << escaped(line) << "</li>\n";
    }
    out << "</ul></div>\n";
}

void findings_part(std::ostream& out, const Report& report, const facts::Picture* picture) {
    if (report.findings.empty()) {
        return;
    }
    out << "<h2>Findings, worst first</h2>\n";
    std::size_t number = 0;
    for (const Shown& shown : shown_findings(report)) {
        finding_card(out, ++number, shown, report, picture);
    }
}

void picture_part(std::ostream& out, const Report& report, const facts::Picture& picture) {
    constexpr std::size_t enough = 10;
    const auto namespaces = namespaces_with_findings(picture, report);
    const std::size_t shown = std::min(namespaces.size(), enough);
    for (std::size_t i = 0; i < shown; ++i) {
        out << "<h2>The picture of "
            << (picture.namespaces.size() > 1 ? escaped(namespaces[i]->states.label) : "the host")
            << "</h2>\n";
        html_picture(out, *namespaces[i]);
    }
    if (shown < picture.namespaces.size()) {
        out << "<p class=\"soft small\">"
            << count_of(picture.namespaces.size() - shown, "more namespace", "more namespaces")
            << " without a picture</p>\n";
    }
}

std::vector<std::string> unjudged_texts(const Report& report) {
    std::vector<std::string> texts;
    for (const Unjudged& group : unjudged(report)) {
        texts.push_back(unjudged_text(group));
    }
    return texts;
}

void rules_table(std::ostream& out, const Report& report) {
    if (report.rules.empty()) {
        return;
    }
    out << "<h2>Rules</h2>\n<details class=\"card\"><summary>"
        << count_of(count_rules(report, State::ok), "rule", "rules") << " passed, "
        << count_rules(report, std::nullopt) << " skipped</summary>\n<table>\n"
        << "<tr><th scope=\"col\">State</th><th scope=\"col\">Rule</th></tr>\n";
    for (const RuleOutcome& rule : report.rules) {
        out << "<tr><td>" << (rule.state ? badge(*rule.state) : "<span class=\"soft\">skipped</span>")
            << "</td><td class=\"name\"><span class=\"id\">" << escaped(rule.id) << "</span>";
        for (const std::string& text : {rule.reason + waiting_text(rule), rule.numbers}) {
            if (!text.empty()) {
                out << "<br><span class=\"soft small\">" << escaped(text) << "</span>";
            }
        }
        out << "</td></tr>\n";
    }
    out << "</table></details>\n";
}

std::vector<std::string> gap_texts(const Report& report) {
    std::vector<std::string> texts;
    for (const base::Gap& gap : report.gaps) {
        texts.push_back(base::to_text(gap));
    }
    return texts;
}

} // namespace

std::string escaped(std::string_view text) {
    return without_markup(safe_line(text));
}

void report_html(const Report& report, const facts::Picture* picture, const Style&, std::ostream& out) {
    page_head(out, page_title(report));
    verdict(out, report);
    list(out, "Files that cannot be used", report.broken_files);
    findings_part(out, report, picture);
    list(out, "Rules that could not be judged", unjudged_texts(report));
    if (picture != nullptr) {
        picture_part(out, report, *picture);
    }
    rules_table(out, report);
    list(out, "Overrides", override_lines(report));
    list(out, "Not seen", gap_texts(report));
    list(out, "Notes", notices_and_remarks(report));
    page_foot(out);
}

void error_html(const Failure& failure, std::ostream& out) {
    page_head(out, "TCP UNKNOWN");
    out << "<header class=\"card verdict unknown\">\n"
        << badge(State::unknown) << "\n<h1>" << escaped(failure.message) << "</h1>\n</header>\n";
    for (const std::string& detail : failure.details) {
        command_block(out, detail);
        out << '\n';
    }
    page_foot(out);
}

} // namespace render
