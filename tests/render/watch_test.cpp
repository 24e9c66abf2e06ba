#include "render/watch.h"

#include "tests/catch.h"
#include "tests/render/answers.h"
#include "tests/render/reports.h"

#include <algorithm>

namespace {

facts::Look some_look(std::uint64_t established) {
    facts::Look look;
    look.namespaces.emplace_back();
    look.namespaces[0].states = test::busy_states();
    for (facts::StateCount& state : look.namespaces[0].states.states) {
        if (state.name == "ESTABLISHED") {
            state.ipv4 = established;
            state.ipv6 = 0;
        }
    }
    look.namespaces[0].ports = test::busy_ports();
    look.namespaces[0].movements = {{"opened here", 12.34}};
    return look;
}

findings::Report one_finding() {
    findings::Report report;
    report.host = "db1";
    report.time = 1772330405;
    findings::Finding finding;
    finding.rule = "some-rule";
    finding.state = findings::State::critical;
    finding.summary = "a \x1b[31mname\n that wants more";
    finding.since = report.time - 600;
    report.findings.push_back(finding);
    return report;
}

bool any_has(const std::vector<std::string>& lines, std::string_view text) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

} // namespace

TEST_CASE("a picture says what is wrong, what is new, and what moved") {
    const findings::Report report = one_finding();
    const facts::Look before = some_look(10);
    const facts::Look now = some_look(14);
    const std::set<std::string> fresh = {render::key_of(report.findings[0])};
    const render::Style style{false, false, 80, 0};
    const auto lines = render::watch_picture({report, now, &before, fresh}, style, 100);
    CHECK(lines[0] == "CRITICAL db1, 2026-03-01T02:00:05Z");
    CHECK(lines[1].starts_with("CRITICAL NEW some-rule: a "));
    CHECK(lines[1].find('\x1b') == std::string::npos);
    CHECK(any_has(lines, "ESTABLISHED 14 (+4)"));
    CHECK(any_has(lines, "opened here 12.3/s"));
    for (const std::string& line : lines) {
        CHECK(line.size() <= 80);
    }
    const auto old = render::watch_picture({report, now, nullptr, {}}, style, 100);
    CHECK(old[1].starts_with("CRITICAL some-rule: "));
    CHECK(any_has(old, "since 2026-03-01T01:50:05Z"));
    CHECK(any_has(old, "ESTABLISHED 14,"));
}

TEST_CASE("a picture fits the window, whatever its size") {
    const findings::Report report = one_finding();
    const facts::Look now = some_look(14);
    const std::set<std::string> fresh;
    for (const std::size_t height : {1, 2, 5, 24, 200}) {
        for (const int width : {1, 10, 20, 40, 80, 300}) {
            const auto lines =
                render::watch_picture({report, now, nullptr, fresh}, {false, false, width, 0}, height);
            CAPTURE(height);
            CAPTURE(width);
            CHECK_FALSE(lines.empty());
            CHECK((lines.size() <= height || height == 1));
        }
    }
}

TEST_CASE("a line for a log names the verdict and the worst finding, on one line") {
    const findings::Report report = one_finding();
    const facts::Look now = some_look(14);
    const std::set<std::string> fresh;
    const std::string line = render::watch_line({report, now, nullptr, fresh});
    CHECK(line.starts_with("2026-03-01T02:00:05Z CRITICAL: some-rule: a "));
    CHECK(line.ends_with("; opened here 12.3/s"));
    CHECK(std::count(line.begin(), line.end(), '\n') == 0);
}
