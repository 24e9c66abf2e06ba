// A report as test runners see it: one test a rule, and one a file that cannot be used. Knows neither JUnit
// nor TAP.
#pragma once

#include "findings/report.h"

#include <string>
#include <vector>

namespace render {

struct TestCase {
    enum class Result { passed, failed, error, skipped }; // error: it could not be judged
    Result result = Result::passed;
    std::string topic;  // "ports"
    std::string name;   // the rule, or the file
    std::string reason; // one line: what failed, or why it was not judged; empty if it passed
    findings::State state = findings::State::ok;
    std::vector<const findings::Finding*> findings; // also of a test that passed: advice
};

/// In the order of the rules; refers to the report. Not yet safe for any reader.
std::vector<TestCase> test_cases(const findings::Report& report);

/// What `--format text` says of these findings, for a terminal of 80 columns.
std::string details_of(const TestCase& test, const findings::Report& report);

/// "tcpadvisor on db1, Linux 6.1.0": what was judged, on one line.
std::string title_of(const findings::Report& report);

} // namespace render
