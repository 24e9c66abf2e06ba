// What remedies and myths would change, and the arithmetic of a judgement.
#include "rules/arithmetic.h"
#include "rules/evaluate.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

using facts::TableId;
using test::number;
using test::text;

namespace {

constexpr const char* ports_rule = R"toml(
[[rule]]
id = "ports"
for_each = "destination"
when = "connections >= busy"
value = "used_percent"
unit = "%"
warning = "70"
critical = "90"
summary = "{remote}"
  [rule.parameters.busy]
  default = 100
  help = "Judge from so many connections on."
  [[rule.remedy]]
  text = "Reuse"
  risk = "Low"
  sysctl = { "net.ipv4.tcp_tw_reuse" = 1 }
  [[rule.remedy]]
  text = "Listen again"
  risk = "Low"
  sysctl = { "net.core.somaxconn" = 4096 }
  effect = "None before {remote} listens again"
  [[rule.remedy]]
  text = "No sysctl"
  [[rule.myth]]
  text = "It is about FIN_WAIT2"
  sysctl = { "net.ipv4.tcp_fin_timeout" = 15 }
  [[rule.myth]]
  when = "connections < 5"
  text = "Not shown here"
  sysctl = { "net.ipv4.tcp_keepalive_time" = 60 }
)toml";

std::shared_ptr<test::World> busy_world(double used, double connections = 200) {
    auto world = std::make_shared<test::World>();
    world->table(TableId::netns).set("usable", number(1000));
    world->table(TableId::destination)
        .add({{"source", text("10.0.0.1")},
              {"remote", text("192.0.2.1:443")},
              {"connections", number(connections)},
              {"used_percent", number(used)},
              {"free", number(1000 - 10 * used)},
              {"in_use", number(10 * used)},
              {"blocked", number(0)}});
    return world;
}

/// Evaluates; under tcp_tw_reuse=1 the facts are those of `after`, under anything else those of `before`.
findings::Finding judged(const std::shared_ptr<test::World>& before,
                         const std::shared_ptr<test::World>& after, int* derived = nullptr) {
    const auto what_if = [&](const rules::Changes& changes) {
        if (derived != nullptr) {
            ++*derived;
        }
        const auto& chosen = changes.contains("net.ipv4.tcp_tw_reuse") ? after : before;
        return chosen ? std::shared_ptr<const facts::Facts>(chosen, &chosen->facts) : nullptr;
    };
    const auto report = rules::evaluate(test::rules_of(ports_rule), before->facts, what_if);
    REQUIRE(report.findings.size() == 1);
    return report.findings[0];
}

} // namespace

TEST_CASE("a remedy says what it would change, a myth that it changes nothing") {
    int derived = 0;
    const auto finding = judged(busy_world(92), busy_world(11.5), &derived);
    REQUIRE(finding.remedies.size() == 3);
    CHECK(finding.remedies[0].effect == "92 % -> 11.5 %, CRITICAL -> OK, from the next second on");
    CHECK(finding.remedies[1].effect == "None before 192.0.2.1:443 listens again");
    CHECK(finding.remedies[2].effect.empty());
    REQUIRE(finding.myths.size() == 1);
    CHECK(finding.myths[0].change == "net.ipv4.tcp_fin_timeout=15");
    CHECK(finding.myths[0].effect == "92 % -> 92 %, no change");
    CHECK(derived == 2);
}

TEST_CASE("an effect that leaves the state says only the numbers") {
    CHECK(judged(busy_world(95), busy_world(93)).remedies[0].effect ==
          "95 % -> 93 %, from the next second on");
}

TEST_CASE("an effect that cannot be computed is not made up") {
    CHECK(judged(busy_world(95), nullptr).remedies[0].effect.empty());
    auto other = busy_world(5);
    other->table(TableId::destination).set("remote", text("192.0.2.99:443"));
    CHECK(judged(busy_world(95), other).remedies[0].effect.empty());
    auto unknown = busy_world(5);
    unknown->table(TableId::destination).set("used_percent", test::missing(base::Why::failed));
    CHECK(judged(busy_world(95), unknown).remedies[0].effect.empty());
    CHECK(judged(busy_world(95), busy_world(5, 10)).remedies[0].effect ==
          "95 % -> 5 %, CRITICAL -> OK, from the next second on");
}

TEST_CASE("without a way to compute them there are no effects") {
    const auto report = rules::evaluate(test::rules_of(ports_rule), busy_world(95)->facts);
    CHECK(report.findings.at(0).remedies.at(0).effect.empty());
    CHECK(report.findings.at(0).myths.at(0).effect.empty());
}

TEST_CASE("effects for which there is no time are named") {
    const auto world = busy_world(95);
    const auto what_if = [&](const rules::Changes&) {
        return std::shared_ptr<const facts::Facts>(world, &world->facts);
    };
    int looks = 0; // one before the row, one before the first of two trials
    const auto report = rules::evaluate(test::rules_of(ports_rule), world->facts, what_if, nullptr,
                                        [&] { return ++looks > 2; });
    CHECK(report.findings.at(0).state == findings::State::critical);
    CHECK(report.findings.at(0).remedies.at(0).effect.starts_with("95 %"));
    CHECK(report.findings.at(0).myths.at(0).effect.empty());
    REQUIRE(report.gaps.size() == 1);
    CHECK(base::to_text(report.gaps[0]) == "what remedies would change: failed (the time was up)");
    CHECK(report.notes.size() == 1);
}

TEST_CASE("the arithmetic of a rule shows formulas with their numbers, worst subject first") {
    const auto world = busy_world(50);
    world->table(TableId::destination)
        .add({{"source", text("10.0.0.1")},
              {"remote", text("192.0.2.2:443")},
              {"connections", number(300)},
              {"used_percent", number(95)},
              {"free", number(50)},
              {"in_use", number(950)},
              {"blocked", number(0)}});
    const auto rules = test::rules_of(ports_rule);
    const auto all = rules::arithmetic(rules.rules[0], world->facts, 3);
    REQUIRE(all.size() == 2);
    CHECK(all[0].outcome == "CRITICAL");
    CHECK(all[0].subject[1].second == "192.0.2.2:443");
    CHECK(all[1].outcome == "OK");
    const auto step = [&](std::string_view name) {
        for (const rules::Step& one : all[0].steps) {
            if (one.name == name) {
                return one.numbers + " = " + one.result;
            }
        }
        return std::string("none");
    };
    CHECK(step("when") == "300 >= 100 = yes");
    CHECK(step("value") == "95 = 95 %");
    CHECK(step("used_percent") == "100 * (1 - 50 / 1000) = 95 %");
    CHECK(step("free") == "1000 - 950 - 0 = 50 ports");
    CHECK(rules::arithmetic(rules.rules[0], world->facts, 1).size() == 1);
}

TEST_CASE("the arithmetic of what is not judged says why") {
    const auto rules = test::rules_of(ports_rule);
    CHECK(rules::arithmetic(rules.rules[0], busy_world(95, 10)->facts, 3).at(0).outcome == "not judged");
    const auto unknown = busy_world(95);
    unknown->table(TableId::destination).set("used_percent", test::missing(base::Why::denied));
    const auto all = rules::arithmetic(rules.rules[0], unknown->facts, 3);
    CHECK(all.at(0).outcome.starts_with("unknown: "));
    CHECK(rules::arithmetic(rules.rules[0], test::World().facts, 3).empty());
}

TEST_CASE("live numbers: one line a rule, of the subject that is nearest to an alert") {
    const auto rules = test::rules_of(ports_rule);
    const auto numbers = [&](const std::shared_ptr<test::World>& world) {
        auto report = rules::evaluate(rules, world->facts);
        rules::add_live_numbers(report, rules, world->facts);
        return report.rules.at(0).numbers;
    };
    const std::string judged = numbers(busy_world(50));
    CHECK(judged.find("remote 192.0.2.1:443: used_percent = 50 %") != std::string::npos);
    CHECK(judged.find("(warning 70, critical 90)") != std::string::npos);
    CHECK(numbers(busy_world(95, 10)).find("not judged, connections >= busy = 10 >= 100 = no") !=
          std::string::npos);
    CHECK(numbers(std::make_shared<test::World>()) == "no destination to judge");
}
