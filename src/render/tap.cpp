// The Test Anything Protocol, version 13, which readers of version 14 accept: a line a rule and, where there
// is something to say, a block of YAML. Its texts are quoted as in JSON, which is YAML as well.
#include "render/json.h"
#include "render/reports.h"
#include "render/test_cases.h"
#include "render/wording.h"

#include <fmt/format.h>

namespace render {
namespace {

using Result = TestCase::Result;

/// A '#' would begin a directive.
std::string described(std::string_view text) {
    std::string safe;
    for (const char c : safe_line(text)) {
        safe += c == '#' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    return safe;
}

std::string quoted(std::string_view text) {
    return Json(safe_line(text)).dump(-1, ' ', true);
}

/// "key: text" at a depth; nothing for an empty text.
void pair(std::ostream& out, std::string_view before, std::string_view key, std::string_view text) {
    if (!text.empty()) {
        out << before << key << ": " << quoted(text) << '\n';
    }
}

void write_finding(const findings::Finding& finding, std::ostream& out) {
    pair(out, "    - ", "summary", finding.summary);
    pair(out, "      ", "state", findings::name(finding.state));
    pair(out, "      ", "namespace", finding.network_namespace);
    pair(out, "      ", "value", finding.value ? quantity(finding.value, finding.unit) : "");
    pair(out, "      ", "why", finding.why);
    if (!finding.remedies.empty()) {
        out << "      remedies:\n";
    }
    for (const findings::Remedy& remedy : finding.remedies) {
        pair(out, "        - ", "text", remedy.text);
        pair(out, "          ", "command", remedy.command);
        pair(out, "          ", "undo", remedy.undo);
        pair(out, "          ", "risk", remedy.risk);
        pair(out, "          ", "effect", remedy.effect);
    }
}

void write_diagnostics(const TestCase& test, std::ostream& out) {
    out << "  ---\n";
    pair(out, "  ", "message", test.reason);
    pair(out, "  ", "severity", findings::name(test.state));
    if (!test.findings.empty()) {
        out << "  findings:\n";
    }
    for (const findings::Finding* finding : test.findings) {
        write_finding(*finding, out);
    }
    out << "  ...\n";
}

} // namespace

void report_tap(const findings::Report& report, const facts::Picture*, const Style&, std::ostream& out) {
    const std::vector<TestCase> tests = test_cases(report);
    out << "TAP version 13\n1.." << tests.size()
        << (tests.empty() ? " # SKIP no rule was chosen\n" : "\n");
    for (std::size_t i = 0; i < tests.size(); ++i) {
        const TestCase& test = tests[i];
        const bool ok = test.result == Result::passed || test.result == Result::skipped;
        out << fmt::format("{} {} - {}", ok ? "ok" : "not ok", i + 1, described(test.name));
        out << (test.result == Result::skipped ? " # SKIP " + described(test.reason) : "") << '\n';
        if (!ok || !test.findings.empty()) {
            write_diagnostics(test, out);
        }
    }
    out << "# " << safe_line(title_of(report)) << '\n';
}

} // namespace render
