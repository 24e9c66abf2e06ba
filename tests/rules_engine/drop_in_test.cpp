// Which remedies get into a drop-in for sysctl.d.
#include "rules/drop_in.h"

#include "tests/catch.h"

using findings::Finding;
using findings::Remedy;
using findings::Report;
using findings::State;
using rules::Changes;
using rules::Trial;

namespace {

Finding finding(const std::string& rule, State state, double value, std::vector<Remedy> remedies) {
    Finding made;
    made.rule = rule;
    made.state = state;
    made.value = value;
    made.summary = rule + " speaks";
    made.remedies = std::move(remedies);
    return made;
}

Remedy sets(const std::string& name, const std::string& value) {
    Remedy remedy;
    remedy.text = "Set it";
    remedy.settings = {{name, value, "0"}};
    return remedy;
}

Report report_of(std::vector<Finding> findings) {
    Report report;
    report.findings = std::move(findings);
    return report;
}

/// `after` says what is found under the changes.
findings::DropIn plan(const Report& report, const std::function<Report(const Changes&)>& after) {
    return rules::plan_drop_in(report, [&](const Changes& changes) {
        return Trial{Trial::Kind::judged, changes.empty() ? report : after(changes)};
    });
}

} // namespace

TEST_CASE("the first remedy that makes a finding go away is written, and no further one") {
    const Report report = report_of({finding("r", State::warning, 9,
                                             {sets("net.a.vain", "1"), sets("net.a.good", "2"),
                                              sets("net.a.needless", "3")})});
    const auto found =
        plan(report, [&](const Changes& c) { return c.contains("net.a.good") ? Report() : report; });
    REQUIRE(found.lines.size() == 1);
    CHECK(found.lines[0].setting.name == "net.a.good");
    CHECK(found.lines[0].reasons == std::vector<std::string>{"[WARNING] r: r speaks"});
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0] == "net.a.vain = 1, for r: would change nothing");
    CHECK(found.settled == 1);
    CHECK(found.remaining.empty());
}

TEST_CASE("what eases a finding is written, and the next remedy is tried on top of it") {
    const Report report =
        report_of({finding("r", State::critical, 99, {sets("net.a.b", "1"), sets("net.a.c", "1")})});
    const auto found = plan(report, [&](const Changes& c) {
        return c.size() == 2 ? Report() : report_of({finding("r", State::critical, 95, {})});
    });
    CHECK(found.lines.size() == 2);
    CHECK(found.settled == 1);
}

TEST_CASE("what would bring another alarm is left out, new advice is said") {
    const Report report = report_of({finding("r", State::warning, 9, {sets("net.a.b", "1")})});
    auto found = plan(report, [](const Changes&) { return report_of({finding("x", State::warning, 1, {})}); });
    CHECK(found.lines.empty());
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0] == "net.a.b = 1, for r: would bring [WARNING] x: x speaks");
    CHECK(found.settled == 0);

    found = plan(report, [](const Changes&) { return report_of({finding("x", State::info, 1, {})}); });
    REQUIRE(found.lines.size() == 1);
    CHECK(found.lines[0].notes == std::vector<std::string>{"Then there is [INFO] x: x speaks"});
    CHECK(found.remaining == std::vector<std::string>{"[INFO] x: x speaks"});
}

TEST_CASE("one sysctl, two wishes: the worse finding has it") {
    const Report report = report_of({finding("worse", State::critical, 1, {sets("net.a.b", "1")}),
                                     finding("milder", State::warning, 1, {sets("net.a.b", "2")})});
    const auto found = plan(report, [&](const Changes& c) {
        return c.at("net.a.b") == "1" ? report_of({report.findings[1]}) : report_of({report.findings[0]});
    });
    REQUIRE(found.lines.size() == 1);
    CHECK(found.lines[0].setting.value == "1");
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0] == "net.a.b = 2, for milder: 1 is set above for a finding that comes first");
}

TEST_CASE("one sysctl, two wishes: the wider range, and all reserved ports") {
    const std::string range = "net.ipv4.ip_local_port_range";
    const Report report = report_of({finding("a", State::critical, 1, {sets(range, "32768 60999")}),
                                     finding("b", State::warning, 1, {sets(range, "16384 50000")})});
    const auto found = plan(report, [&](const Changes& c) {
        return c.at(range) == "16384 60999" ? Report() : report_of({report.findings[1]});
    });
    REQUIRE(found.lines.size() == 1);
    CHECK(found.lines[0].setting.value == "16384 60999");
    CHECK(found.lines[0].reasons.size() == 2);
    CHECK(found.lines[0].notes == std::vector<std::string>{"One value for 32768 60999 and 16384 50000"});
}

TEST_CASE("one line for many findings that want the same") {
    const Report report = report_of({finding("a", State::warning, 1, {sets("net.a.b", "1")}),
                                     finding("b", State::info, 1, {sets("net.a.b", "1")})});
    const auto found = plan(report, [](const Changes&) { return Report(); });
    REQUIRE(found.lines.size() == 1);
    CHECK(found.lines[0].reasons.size() == 2);
    CHECK(found.settled == 2);
}

TEST_CASE("what cannot be checked is written and says so, what no kernel takes is not") {
    Remedy later = sets("net.a.later", "1");
    later.effect = "From the next listen() on";
    later.effect_is_stated = true;
    const Report report =
        report_of({finding("r", State::warning, 9, {sets("net.x.unknown", "1"), sets("net.a.bad", "-1"), later})});
    const auto found = rules::plan_drop_in(report, [&](const Changes& changes) {
        const auto kind = changes.contains("net.x.unknown") ? Trial::Kind::unchecked
                          : changes.contains("net.a.bad")   ? Trial::Kind::malformed
                                                            : Trial::Kind::judged;
        return Trial{kind, report};
    });
    REQUIRE(found.lines.size() == 2);
    CHECK(found.lines[0].notes[0].starts_with("Not checked"));
    CHECK(found.lines[1].notes[0].starts_with("Not checked"));
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0] == "net.a.bad = -1, for r: is no value that it can have");
    CHECK(found.remaining.size() == 1);
}

TEST_CASE("nothing needed, and far too much to try") {
    CHECK(plan(Report(), [](const Changes&) { return Report(); }).lines.empty());
    std::vector<Finding> many;
    for (int i = 0; i < 40; ++i) {
        many.push_back(finding("r" + std::to_string(i), State::info, 1, {sets("net.a.b" + std::to_string(i), "1")}));
    }
    const Report report = report_of(many);
    int trials = 0;
    const auto found = plan(report, [&](const Changes&) {
        ++trials;
        return report;
    });
    CHECK(trials == 24);
    CHECK(found.left_out.back() == "net.a.b39 = 1, for r39: was not tried: there is too much to try");
}
