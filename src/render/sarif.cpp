// SARIF 2.1.0, which GitHub, GitLab and editors show beside the lines of a file: a result a line, with what
// should stand there as a fix.
#include "base/text.h"
#include "render/formats.h"
#include "render/json_parts.h"
#include "render/report_words.h"
#include "render/words.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace render {

namespace {

using findings::FileLine;
using findings::Finding;
using findings::Report;
using findings::State;

/// What no line of a file is to blame for is shown where the answer would be written.
FileLine nowhere() {
    return {std::string(findings::drop_in_path), 0, "", ""};
}

std::string_view level_of(State state) {
    return state == State::critical ? "error" : state == State::warning ? "warning" : "note";
}

/// A URI reference of a path: relative ones stay so, which is what GitHub wants.
std::string uri_of(std::string_view path) {
    constexpr std::string_view plain = "-._~/!$&'()*+,;=@";
    while (path.starts_with("./")) {
        path.remove_prefix(2);
    }
    std::string uri = path.starts_with('/') ? "file://" : "";
    for (const char c : path) {
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        uri += is_word || plain.find(c) != std::string_view::npos
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return uri;
}

Json text_json(std::string_view text) {
    return Json{{"text", base::one_line(base::printable(text))}};
}

Json location_json(const FileLine& line) {
    Json physical = Json::object();
    physical["artifactLocation"]["uri"] = uri_of(line.file);
    physical["region"]["startLine"] = std::max<std::size_t>(line.line, 1);
    if (!line.text.empty()) {
        physical["region"]["snippet"] = Json{{"text", base::printable(line.text)}};
    }
    return Json{{"physicalLocation", std::move(physical)}};
}

/// The whole line is replaced, or one is put before the first.
Json fix_json(const FileLine& line) {
    Json replacement = Json::object();
    Json& region = replacement["deletedRegion"];
    region["startLine"] = std::max<std::size_t>(line.line, 1);
    region["startColumn"] = 1;
    region["endColumn"] = line.line == 0 ? 1 : base::code_points(base::printable(line.text)) + 1;
    replacement["insertedContent"] = Json{{"text", line.corrected + (line.line == 0 ? "\n" : "")}};
    Json change = Json::object();
    change["artifactLocation"]["uri"] = uri_of(line.file);
    change["replacements"] = Json::array({std::move(replacement)});
    Json fix = Json::object();
    fix["description"] = text_json(line.corrected);
    fix["artifactChanges"] = Json::array({std::move(change)});
    return fix;
}

Json result_json(const Finding& finding, const FileLine& line, std::size_t rule) {
    Json result = Json::object();
    result["ruleId"] = finding.rule;
    result["ruleIndex"] = rule;
    result["level"] = level_of(finding.state);
    const std::string better = line.corrected.empty() ? "" : ". Better: " + line.corrected;
    result["message"] = text_json((finding.summary.empty() ? finding.title : finding.summary) + better);
    result["locations"] = Json::array({location_json(line)});
    if (!line.corrected.empty() && (line.line == 0 || !line.text.empty())) {
        result["fixes"] = Json::array({fix_json(line)});
    }
    base::Fingerprint print;
    print.add(finding.rule).add(finding.netns).add(line.file).add(line.text);
    result["partialFingerprints"]["tcpadvisor/v1"] = fmt::format("{:016x}", print.value());
    result["properties"]["state"] = findings::name(finding.state);
    return result;
}

Json rule_json(const Finding& finding) {
    Json rule = Json::object();
    rule["id"] = finding.rule;
    rule["shortDescription"] = text_json(finding.title);
    if (!finding.why.empty()) {
        rule["fullDescription"] = text_json(finding.why);
    }
    std::string help;
    for (const findings::Remedy& remedy : finding.remedies) {
        help += (help.empty() ? "" : ". ") + remedy.text;
    }
    rule["help"] = text_json(help.empty() ? "tcpadvisor explain " + finding.rule : help);
    rule["defaultConfiguration"]["level"] = level_of(finding.state);
    return rule;
}

Json notification(std::string_view level, std::string_view text) {
    return Json{{"level", level}, {"message", text_json(text)}};
}

/// What could not be judged, so that an empty list of results is no OK.
Json notifications_of(const Report& report) {
    Json list = Json::array();
    for (const std::string& file : report.broken_files) {
        list.push_back(notification("error", file));
    }
    for (const Unjudged& group : unjudged(report)) {
        list.push_back(notification("error", unjudged_text(group)));
    }
    if (!report.blind.empty()) {
        list.push_back(notification("error", report.blind));
    }
    for (const std::vector<std::string>* texts : {&report.notes, &report.notices}) {
        for (const std::string& text : *texts) {
            list.push_back(notification("note", text));
        }
    }
    for (const base::Gap& gap : report.gaps) {
        const bool is_harmless = gap.why == base::Why::absent || gap.why == base::Why::not_collected;
        list.push_back(notification(is_harmless ? "note" : "warning", base::to_text(gap)));
    }
    return list;
}

Json log_json(const std::string& version, Json rules, Json results, bool succeeded, Json notifications) {
    Json driver = Json::object();
    driver["name"] = "tcpadvisor";
    if (!version.empty()) {
        driver["version"] = version;
    }
    driver["rules"] = std::move(rules);
    Json invocation = Json::object();
    invocation["executionSuccessful"] = succeeded;
    invocation["toolExecutionNotifications"] = std::move(notifications);
    Json run = Json::object();
    run["tool"]["driver"] = std::move(driver);
    run["invocations"] = Json::array({std::move(invocation)});
    run["columnKind"] = "unicodeCodePoints";
    run["results"] = std::move(results);
    Json log = Json::object();
    log["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
    log["version"] = "2.1.0";
    log["runs"] = Json::array({std::move(run)});
    return log;
}

} // namespace

void report_sarif(const Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    Json rules = Json::array();
    Json results = Json::array();
    std::vector<std::string> known;
    for (const Finding& finding : report.findings) {
        auto place = std::find(known.begin(), known.end(), finding.rule);
        if (place == known.end()) {
            rules.push_back(rule_json(finding));
            known.push_back(finding.rule);
            place = std::prev(known.end());
        }
        const auto index = static_cast<std::size_t>(place - known.begin());
        for (const FileLine& line : finding.lines) {
            results.push_back(result_json(finding, line, index));
        }
        if (finding.lines.empty()) {
            results.push_back(result_json(finding, nowhere(), index));
        }
    }
    const bool judged = report.broken_files.empty() && count_rules(report, State::unknown) == 0;
    write_json(
        log_json(report.version, std::move(rules), std::move(results), judged, notifications_of(report)),
        out);
}

void error_sarif(const Failure& failure, std::ostream& out) {
    Json notifications = Json::array({notification("error", failure.message)});
    for (const std::string& line : diagnostic_lines(failure.details)) {
        notifications.push_back(notification("error", line));
    }
    write_json(log_json("", Json::array(), Json::array(), false, std::move(notifications)), out);
}

} // namespace render
