// The report as one page, for a ticket: the same content as the text, and always the picture.
#include "render/finding_words.h"
#include "render/html.h"
#include "render/override_text.h"
#include "render/picture_words.h"
#include "render/reports.h"
#include "render/wording.h"

#include "base/text.h"

#include <fmt/format.h>

namespace render {
namespace {

using findings::Report;
using findings::RuleOutcome;
using findings::State;

void page_head(std::ostream& out, const Report& report) {
    out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n"
           // A file for a ticket asks nothing of the network, whatever the future adds to it.
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'\">\n"
        << "<title>TCP " << verdict_word(report) << (report.host.empty() ? "" : " on " + escaped(report.host))
        << "</title>\n<style>\n"
        << html_style() << "</style>\n</head>\n<body>\n<main>\n";
}

std::string origin_text(const Report& report) {
    std::vector<std::string> parts;
    if (!report.host.empty()) {
        parts.push_back(report.host);
    }
    if (!report.kernel.empty()) {
        parts.push_back("Linux " + report.kernel);
    }
    if (const auto time = rfc3339(report.time)) {
        parts.push_back(*time);
    }
    return base::join(parts, ", ");
}

/// All findings at a glance, where there is more than the one of the heading.
void overview(std::ostream& out, const Report& report) {
    constexpr std::size_t enough = 10;
    if (report.findings.size() < 2) {
        return;
    }
    out << "<ol class=\"overview\">\n";
    for (std::size_t i = 0; i < report.findings.size() && i < enough; ++i) {
        const findings::Finding& finding = report.findings[i];
        out << fmt::format("<li>{}<a href=\"#finding-{}\">{}</a></li>\n", html_badge(finding.state), i + 1,
                           escaped(finding.summary.empty() ? finding.title : finding.summary));
    }
    if (report.findings.size() > enough) {
        out << "<li class=\"soft\">and " << report.findings.size() - enough << " more</li>\n";
    }
    out << "</ol>\n";
}

void verdict(std::ostream& out, const Report& report) {
    const State worst = report.worst();
    const State shown = worst == State::info ? State::ok : worst;
    out << fmt::format("<header class=\"card verdict {}\">\n{}\n<h1>{}</h1>\n<p class=\"soft\">{}</p>\n",
                       findings::word(shown), html_badge(shown), escaped(headline(report)),
                       escaped(origin_text(report)));
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
    for (const Shown& shown : shown_findings(report, report.findings.size()).shown) {
        html_finding(out, ++number, shown, report, picture);
    }
}

void picture_part(std::ostream& out, const Report& report, const facts::Picture& picture) {
    constexpr std::size_t enough = 10;
    const auto spaces = namespaces_with_findings(picture, report);
    const std::size_t shown = std::min(spaces.size(), enough);
    for (std::size_t i = 0; i < shown; ++i) {
        out << "<h2>The picture of "
            << (picture.namespaces.size() > 1 ? escaped(spaces[i]->states.label) : "the host") << "</h2>\n";
        html_picture(out, *spaces[i]);
    }
    if (shown < picture.namespaces.size()) {
        out << "<p class=\"soft small\">"
            << count_of(picture.namespaces.size() - shown, "more namespace", "more namespaces")
            << " without a picture</p>\n";
    }
}

std::vector<std::string> rule_texts(const Report& report, std::optional<State> state) {
    std::vector<std::string> texts;
    for (const RuleOutcome& rule : report.rules) {
        if (rule.state == state) {
            texts.push_back(rule_text(rule));
        }
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
        out << "<tr><td>" << (rule.state ? html_badge(*rule.state) : "<span class=\"soft\">skipped</span>")
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

void report_html(const Report& report, const facts::Picture* picture, const Style&, std::ostream& out) {
    page_head(out, report);
    verdict(out, report);
    list(out, "Files that cannot be used", report.broken_files);
    findings_part(out, report, picture);
    list(out, "Rules that could not be judged", rule_texts(report, State::unknown));
    if (picture != nullptr) {
        picture_part(out, report, *picture);
    }
    rules_table(out, report);
    list(out, "Overrides", override_lines(report));
    list(out, "Not seen", gap_texts(report));
    list(out, "Notes", report.remarks);
    out << "<footer class=\"soft small\">Made by tcpadvisor, which reads and advises and changes nothing."
           "</footer>\n</main>\n</body>\n</html>\n";
}

} // namespace render
