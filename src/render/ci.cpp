// What test runners read, JUnit XML and the Test Anything Protocol: one test a rule, and one a file that
// cannot be used.
#include "base/text.h"
#include "render/formats.h"
#include "render/json.h"
#include "render/report_words.h"
#include "render/text.h"
#include "render/words.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <fmt/format.h>

namespace render {

namespace {

using findings::Finding;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

/// Its texts are not yet safe for any reader.
struct TestCase {
    enum class Result { passed, failed, error, skipped }; // error: it could not be judged
    Result result = Result::passed;
    std::string topic;  // "ports"
    std::string name;   // the rule, or the file
    std::string reason; // one line: what failed, or why it was not judged; empty if it passed
    findings::State state = findings::State::ok;
    std::vector<const findings::Finding*> findings; // also of a test that passed: advice
};

using Result = TestCase::Result;

Result result_of(const RuleOutcome& rule, const Report& report) {
    if (!rule.state) {
        return Result::skipped;
    }
    if (report.fails(*rule.state)) {
        return Result::failed;
    }
    return rule.state == State::unknown ? Result::error : Result::passed;
}

std::string reason_of(const TestCase& test, const RuleOutcome& rule) {
    if (test.result != Result::failed || test.findings.empty()) {
        return rule.reason;
    }
    const std::size_t more = test.findings.size() - 1;
    return test.findings.front()->summary +
           (more > 0 ? " (and " + count_of(more, "more finding", "more findings") + ")" : "");
}

/// The run itself as a test, where it came to no report.
TestCase failed_run(const Failure& failure) {
    return {Result::error, {}, "run", failure.message, State::unknown, {}};
}

/// In the order of the rules; refers to the report.
std::vector<TestCase> test_cases(const Report& report) {
    std::map<std::string_view, std::vector<const Finding*>> findings;
    for (const Finding& finding : report.findings) {
        findings[finding.rule].push_back(&finding);
    }
    std::vector<TestCase> tests;
    for (const std::string& file : report.broken_files) {
        tests.push_back({Result::error, "files", "rules and settings: " + file, file, State::unknown, {}});
    }
    for (const RuleOutcome& rule : report.rules) {
        TestCase test{result_of(rule, report),        rule.topic,       rule.id, {},
                      rule.state.value_or(State::ok), findings[rule.id]};
        test.reason = reason_of(test, rule);
        tests.push_back(std::move(test));
    }
    return tests;
}

/// What `--format text` says of these findings, for a terminal of 80 columns.
std::string details_of(const TestCase& test, const Report& report) {
    const Style plain{false, false};
    std::ostringstream text;
    for (const Finding* finding : test.findings) {
        const Finding* first = test.findings.front();
        finding_text(text, plain, {finding, finding == first ? nullptr : first}, report, nullptr);
    }
    return text.str();
}

// JUnit XML as both the strict schema of Ant and the one of Jenkins have it, which GitLab reads as well: all
// attributes and elements that either demands, and none that either does not know. One test a rule, because
// GitLab drops a second one of the same name.

/// Valid UTF-8 without what XML 1.0 cannot carry even as an entity.
std::string xml(std::string_view text) {
    std::string safe;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const std::string_view here = text.substr(i, 3);
        if (here == "\xEF\xBF\xBE" || here == "\xEF\xBF\xBF") { // U+FFFE and U+FFFF are no characters
            i += 2;
        } else if (c == '&' || c == '<' || c == '>' || c == '"') {
            safe += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&quot;";
        } else if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
            safe += c;
        }
    }
    return safe;
}

std::string attribute(std::string_view name, std::string_view text) {
    return fmt::format(" {}=\"{}\"", name, xml(safe_line(text)));
}

/// Without a zone, as the strict schema wants it: UTC.
std::string timestamp(double time) {
    std::string text = rfc3339(time).value_or("1970-01-01T00:00:00Z");
    text.pop_back();
    return text;
}

std::size_t count(const std::vector<TestCase>& tests, Result result) {
    return static_cast<std::size_t>(std::count_if(
        tests.begin(), tests.end(), [&](const TestCase& test) { return test.result == result; }));
}

std::string class_of(const TestCase& test) {
    return test.topic.empty() ? "tcpadvisor" : "tcpadvisor." + test.topic;
}

void write_test(const TestCase& test, const findings::Report& report, std::ostream& out) {
    out << "    <testcase" << attribute("classname", class_of(test)) << attribute("name", test.name)
        << " time=\"0\"";
    if (test.result == Result::passed) {
        out << "/>\n";
        return;
    }
    out << ">\n      ";
    if (test.result == Result::skipped) {
        out << "<skipped" << attribute("message", test.reason) << "/>\n";
    } else {
        const bool failed = test.result == Result::failed;
        const std::string_view element = failed ? "failure" : "error";
        const std::string_view type = findings::word(failed ? test.state : findings::State::unknown);
        // GitLab shows the text, Jenkins the attribute as well
        out << '<' << element << attribute("type", type) << attribute("message", test.reason) << '>'
            << xml(failed ? details_of(test, report) : safe_line(test.reason)) << "</" << element << ">\n";
    }
    out << "    </testcase>\n";
}

/// Advice is no failure; it stands in the output of the suite.
std::string advice(const std::vector<TestCase>& tests, const findings::Report& report) {
    std::string text;
    for (const TestCase& test : tests) {
        if (test.result != Result::failed) {
            text += details_of(test, report);
        }
    }
    return text;
}

/// `errors` is what a test program would have written to standard error.
void write_suite(const std::vector<TestCase>& tests, const findings::Report& report, std::string_view errors,
                 std::ostream& out) {
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite"
        << attribute("name", title_of(report)) << " package=\"tcpadvisor\" id=\"0\""
        << attribute("hostname", report.host.empty() ? "unknown" : report.host)
        << attribute("timestamp", timestamp(report.time))
        << fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\">\n",
                       tests.size(), count(tests, Result::failed), count(tests, Result::error),
                       count(tests, Result::skipped))
        << "    <properties/>\n";
    for (const TestCase& test : tests) {
        write_test(test, report, out);
    }
    out << "    <system-out>" << xml(advice(tests, report)) << "</system-out>\n    "
        << (errors.empty() ? "<system-err/>" : "<system-err>" + xml(errors) + "</system-err>")
        << "\n  </testsuite>\n</testsuites>\n";
}

// The Test Anything Protocol, version 13, which readers of version 14 accept: a line a rule and, where there
// is something to say, a block of YAML. Its texts are quoted as in JSON, which is YAML as well.

/// A '#' would begin a directive.
std::string described(std::string_view text) {
    std::string safe;
    for (const char c : safe_line(text)) {
        safe += c == '#' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    return safe;
}

std::string quoted(std::string_view text) {
    return json_quoted(safe_line(text));
}

/// "key: text" at a depth; nothing for an empty text.
void pair(std::ostream& out, std::string_view before, std::string_view key, std::string_view text) {
    if (!text.empty()) {
        out << before << key << ": " << quoted(text) << '\n';
    }
}

void write_finding(const findings::Finding& finding, const Report& report, std::ostream& out) {
    pair(out, "    - ", "summary", finding.summary);
    pair(out, "      ", "state", findings::name(finding.state));
    pair(out, "      ", "namespace", finding.netns);
    pair(out, "      ", "cause", cause_text(finding, report));
    pair(out, "      ", "value", finding.value ? quantity(finding.value, finding.unit) : "");
    if (!finding.lines.empty()) {
        out << "      lines:\n";
    }
    for (const findings::FileLine& line : finding.lines) {
        pair(out, "        - ", "file", line.file);
        pair(out, "          ", "line", line.line > 0 ? std::to_string(line.line) : "");
        pair(out, "          ", "text", line.text);
        pair(out, "          ", "corrected", line.corrected);
    }
    pair(out, "      ", "why", finding.why);
    if (!finding.remedies.empty()) {
        out << "      remedies:\n";
    }
    for (const findings::Remedy& remedy : finding.remedies) {
        pair(out, "        - ", "text", remedy.text);
        pair(out, "          ", "command", remedy.command);
        pair(out, "          ", "on_node", remedy.on_node);
        pair(out, "          ", "undo", remedy.undo);
        pair(out, "          ", "outside", remedy.outside);
        pair(out, "          ", "risk", remedy.risk);
        pair(out, "          ", "effect", remedy.effect);
    }
}

/// `more` writes what belongs to the block besides the reason.
template <typename More>
void write_diagnostics(const TestCase& test, std::ostream& out, More more) {
    out << "  ---\n";
    pair(out, "  ", "message", test.reason);
    pair(out, "  ", "severity", findings::name(test.state));
    more();
    out << "  ...\n";
}

void write_findings(const TestCase& test, const Report& report, std::ostream& out) {
    if (!test.findings.empty()) {
        out << "  findings:\n";
    }
    for (const findings::Finding* finding : test.findings) {
        write_finding(*finding, report, out);
    }
}

} // namespace

void report_junit(const findings::Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    write_suite(test_cases(report), report, {}, out);
}

void error_junit(const Failure& failure, std::ostream& out) {
    std::string details;
    for (const std::string& line : diagnostic_lines(failure.details)) {
        details += line + '\n';
    }
    write_suite({failed_run(failure)}, findings::Report(), details, out);
}

void report_tap(const findings::Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    const std::vector<TestCase> tests = test_cases(report);
    out << "TAP version 13\n1.." << tests.size() << (tests.empty() ? " # SKIP no rule was chosen\n" : "\n");
    for (std::size_t i = 0; i < tests.size(); ++i) {
        const TestCase& test = tests[i];
        const bool ok = test.result == Result::passed || test.result == Result::skipped;
        out << fmt::format("{} {} - {}", ok ? "ok" : "not ok", i + 1, described(test.name));
        out << (test.result == Result::skipped ? " # SKIP " + described(test.reason) : "") << '\n';
        if (!ok || !test.findings.empty()) {
            write_diagnostics(test, out, [&] { write_findings(test, report, out); });
        }
    }
    out << "# " << safe_line(title_of(report)) << '\n';
}

void error_tap(const Failure& failure, std::ostream& out) {
    const TestCase test = failed_run(failure);
    const std::vector<std::string> details = diagnostic_lines(failure.details);
    out << "TAP version 13\n1..1\nnot ok 1 - " << test.name << '\n';
    write_diagnostics(test, out, [&] {
        out << (details.empty() ? "" : "  details:\n");
        for (const std::string& line : details) {
            out << "    - line: " << json_quoted(line)
                << '\n'; // prove reads no list of bare texts with colons
        }
    });
}

} // namespace render
