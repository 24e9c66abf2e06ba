#include "render/test_cases.h"

#include "base/text.h"
#include "render/finding_text.h"
#include "render/wording.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace render {
namespace {

using findings::Finding;
using findings::Report;
using findings::RuleOutcome;
using findings::State;
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

} // namespace

std::vector<TestCase> test_cases(const Report& report) {
    std::map<std::string_view, std::vector<const Finding*>> findings;
    for (const Finding& finding : report.findings) {
        findings[finding.rule].push_back(&finding);
    }
    std::vector<TestCase> tests;
    for (const std::string& file : report.broken_files) {
        tests.push_back(
            {Result::error, "files", "rules and settings: " + file, file, State::unknown, {}});
    }
    for (const RuleOutcome& rule : report.rules) {
        TestCase test{result_of(rule, report), rule.topic,  rule.id, {}, rule.state.value_or(State::ok),
                      findings[rule.id]};
        test.reason = reason_of(test, rule);
        tests.push_back(std::move(test));
    }
    return tests;
}

std::string details_of(const TestCase& test, const Report& report) {
    const Style plain{false, false};
    std::ostringstream text;
    for (const Finding* finding : test.findings) {
        const Finding* first = test.findings.front();
        finding_text(text, plain, {finding, finding == first ? nullptr : first}, report, nullptr);
    }
    return text.str();
}

std::string title_of(const Report& report) {
    std::string title = "tcpadvisor";
    title += report.host.empty() ? "" : " on " + report.host;
    title += report.kernel.empty() ? "" : ", Linux " + report.kernel;
    title += report.assumed.empty() ? "" : ", as if " + base::join(report.assumed, " and ");
    return title;
}

} // namespace render
