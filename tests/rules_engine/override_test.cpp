// What overrides make of a report: who is judged otherwise, and what is said about it.
#include "rules/arithmetic.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

#include <algorithm>

using facts::TableId;
using findings::OverrideNote;
using findings::State;

namespace {

constexpr const char* override_rules = R"(
[[rule]]
id = "ports"
for_each = "destination"
value = "used_percent"
warning = "70"
critical = "90"
summary = "{remote}"

[[rule]]
id = "reuse-off"
for_each = "namespace"
condition = "tw_reuse == 0"
severity = "warning"
summary = "off"

[[rule]]
id = "memory"
for_each = "host"
value = "tcp_memory_percent"
warning = "70"
summary = "memory"
)";

constexpr double first_of_2027 = 1798761600; // seconds since the epoch

rules::RuleSet with(const std::string& settings) {
    rules::Inputs inputs;
    inputs.drop_ins.push_back({"rules.toml", override_rules});
    inputs.settings = rules::TextFile{"tcpadvisor.toml", settings};
    inputs.now = first_of_2027;
    const rules::Loaded loaded = rules::load(inputs);
    INFO(base::to_text(loaded.diagnostics));
    CHECK_FALSE(loaded.diagnostics.has_errors());
    return loaded.rules;
}

std::string override_of(const std::string& rule, const std::string& rest) {
    return "[[override]]\nrule = \"" + rule + "\"\nreason = \"batch hosts\"\n" + rest + "\n";
}

test::World world_of(const std::vector<std::pair<std::string, double>>& used) {
    test::World world;
    for (const auto& [remote, percent] : used) {
        world.table(TableId::destination)
            .add({{"source", test::text("10.0.0.1")},
                  {"remote", test::text(remote)},
                  {"used_percent", test::number(percent)}});
    }
    return world;
}

const findings::RuleOutcome& outcome(const findings::Report& report, std::string_view id) {
    return *std::find_if(report.rules.begin(), report.rules.end(),
                         [&](const auto& rule) { return rule.id == id; });
}

} // namespace

TEST_CASE(
    "of two back ends one is ignored: the alarm of the other stands, and the report says who is silenced") {
    const test::World world = world_of({{"192.0.2.7:443", 99}, {"192.0.2.8:443", 80}, {"192.0.2.9:443", 20}});
    const auto rules =
        with(override_of("ports", "remote = \"192.0.2.7\"\nignore = true\nexpires = 2027-01-31"));
    const auto report = rules::evaluate(rules, world.facts);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].subject[1].second == "192.0.2.8:443");
    CHECK(report.worst() == State::warning);
    const auto& notes = outcome(report, "ports").overrides;
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].kind == OverrideNote::Kind::ignored);
    CHECK(notes[0].subject == "remote 192.0.2.7");
    CHECK(notes[0].effect == "ignored");
    CHECK(notes[0].reason == "batch hosts");
    CHECK(notes[0].expires == "2027-01-31");
    CHECK(notes[0].origin == "tcpadvisor.toml:1");
    CHECK(notes[0].hidden == State::critical);
    CHECK(notes[0].example == "source 10.0.0.1, remote 192.0.2.7:443");
    CHECK(notes[0].subjects == 1);
}

TEST_CASE("an explanation says that an override ignores the subject") {
    const test::World world = world_of({{"192.0.2.7:443", 99}});
    const auto rules =
        with(override_of("ports", "remote = \"192.0.2.7\"\nignore = true\nexpires = 2027-01-31"));
    const auto subjects = rules::arithmetic(*rules.find("ports"), world.facts, 1);
    REQUIRE(subjects.size() == 1);
    CHECK(subjects[0].outcome == "not judged: an override ignores it");
}

TEST_CASE("an override that hides nothing in this run is not mentioned") {
    const test::World world = world_of({{"192.0.2.7:443", 20}});
    const auto rules =
        with(override_of("ports", "remote = \"192.0.2.0/24\"\nignore = true\nexpires = 2027-01-31"));
    CHECK(outcome(rules::evaluate(rules, world.facts), "ports").overrides.empty());
}

TEST_CASE("a network is one note with its worst subject and their number") {
    const test::World world = world_of({{"10.0.0.1:443", 80}, {"10.0.0.2:443", 99}, {"10.0.0.3:443", 95}});
    const auto rules =
        with(override_of("ports", "remote = \"10.0.0.0/8:443\"\nignore = true\nexpires = 2027-01-31"));
    const auto report = rules::evaluate(rules, world.facts);
    CHECK(report.findings.empty());
    const auto& notes = outcome(report, "ports").overrides;
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].hidden == State::critical);
    CHECK(notes[0].example == "source 10.0.0.1, remote 10.0.0.2:443");
    CHECK(notes[0].subjects == 3);
}

TEST_CASE("wider thresholds are noted where they make a state better, and only there") {
    const auto rules = with(override_of("ports", "remote = \"10.0.0.0/8\"\nwarning = 85\ncritical = 98"));
    const auto eased = rules::evaluate(rules, world_of({{"10.0.0.1:443", 95}, {"10.0.0.2:443", 80}}).facts);
    REQUIRE(eased.findings.size() == 1);
    CHECK(eased.findings[0].state == State::warning);
    const auto& notes = outcome(eased, "ports").overrides;
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].kind == OverrideNote::Kind::eased);
    CHECK(notes[0].effect == "judged by warning 85, critical 98");
    CHECK(notes[0].expires.empty());
    CHECK(notes[0].subjects == 2);
    CHECK(outcome(rules::evaluate(rules, world_of({{"10.0.0.1:443", 99}}).facts), "ports").overrides.empty());
    const auto stricter = with(override_of("ports", "remote = \"10.0.0.0/8\"\nwarning = 5"));
    CHECK(outcome(rules::evaluate(stricter, world_of({{"10.0.0.1:443", 20}}).facts), "ports")
              .overrides.empty());
}

TEST_CASE("an expired override is noted even if its subject is well, and alarms are back") {
    const auto rules =
        with(override_of("ports", "remote = \"192.0.2.7\"\nignore = true\nexpires = 2026-12-31"));
    for (const double used : {20.0, 99.0}) {
        const auto report = rules::evaluate(rules, world_of({{"192.0.2.7:443", used}}).facts);
        CHECK(report.findings.size() == (used > 90 ? 1 : 0));
        const auto& notes = outcome(report, "ports").overrides;
        REQUIRE(notes.size() == 1);
        CHECK(notes[0].kind == OverrideNote::Kind::expired);
        CHECK(notes[0].expires == "2026-12-31");
        CHECK(notes[0].subjects == 0);
    }
}

TEST_CASE("a rule with a condition is ignored for the namespaces of a pattern") {
    test::World world;
    world.add_netns("web-7f9c");
    for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(world.table(TableId::netns, i).set("tw_reuse", test::number(0)));
    }
    const auto rules =
        with(override_of("reuse-off", "namespace = \"web-*\"\nignore = true\nexpires = 2027-01-31"));
    const auto report = rules::evaluate(rules, world.facts);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].netns == "main");
    const auto& notes = outcome(report, "reuse-off").overrides;
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].hidden == State::warning);
    CHECK(notes[0].example == "namespace web-7f9c");
}

TEST_CASE("an ignored subject that cannot be judged is no gap") {
    test::World world;
    world.table(TableId::destination)
        .add({{"source", test::text("10.0.0.1")},
              {"remote", test::text("192.0.2.7:443")},
              {"used_percent", test::missing(base::Why::denied)}});
    const auto rules = with(override_of("ports", "remote = \"*:443\"\nignore = true\nexpires = 2027-01-31"));
    const auto report = rules::evaluate(rules, world.facts);
    CHECK(outcome(report, "ports").state == State::ok);
    CHECK(outcome(report, "ports").overrides.empty());
}

TEST_CASE("an ignored subject leaves no memory, and one that waits is not called eased") {
    const test::World world = world_of({{"10.0.0.1:443", 95}, {"192.0.2.7:443", 99}});
    rules::RuleSet rules =
        with(override_of("ports", "remote = \"192.0.2.7\"\nignore = true\nexpires = 2027-01-31") +
             override_of("ports", "remote = \"10.0.0.0/8\"\nwarning = 5"));
    rules.find("ports")->wait_seconds = 120;
    history::Memory looked;
    looked.judged.push_back({rules::fingerprint_of(*rules.find("ports")), 880, 940});
    history::Recall recall({looked}, 1000, first_of_2027, history::Remembers::yes);
    const auto verdict = rules::judge(*rules.find("ports"), rules, world.facts, &recall);
    CHECK(verdict.findings.empty());
    CHECK(verdict.outcome.waiting == 1);
    CHECK(recall.updates().at(0).entries.size() == 1);
    REQUIRE(verdict.outcome.overrides.size() == 1);
    CHECK(verdict.outcome.overrides[0].kind == OverrideNote::Kind::ignored);
}
