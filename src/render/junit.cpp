// JUnit XML as both the strict schema of Ant and the one of Jenkins have it, which GitLab reads as well: all
// attributes and elements that either demands, and none that either does not know. One test a rule, because
// GitLab drops a second one of the same name.
#include "render/reports.h"
#include "render/test_cases.h"
#include "render/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

using Result = TestCase::Result;

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

} // namespace

void report_junit(const findings::Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    const std::vector<TestCase> tests = test_cases(report);
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
    out << "    <system-out>" << xml(advice(tests, report)) << "</system-out>\n    <system-err/>\n"
        << "  </testsuite>\n</testsuites>\n";
}

} // namespace render
