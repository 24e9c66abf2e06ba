// A sysctl that the next boot sets otherwise: advice, unless the value of the boot makes something worse.
#include "rules/effect.h"

#include "tests/catch.h"
#include "tests/rules_engine/world.h"

#include <algorithm>

using facts::TableId;
using findings::State;
using test::number;
using test::text;

namespace {

constexpr const char* drift_rules = R"toml(
[[rule]]
id = "ports"
for_each = "destination"
value = "used_percent"
warning = "70"
critical = "90"
summary = "{remote} at {used_percent}"
[[rule]]
id = "sysctl-drift"
for_each = "sysctl"
condition = "drifted"
severity = "info"
evidence = ["boot"]
summary = "{name} changes"
)toml";

std::shared_ptr<test::World> drifted_world(double used) {
    auto world = std::make_shared<test::World>();
    world->table(TableId::destination)
        .add({{"remote", text("192.0.2.1:443")}, {"used_percent", number(used)}});
    for (const char* name : {"net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_fin_timeout"}) {
        world->table(TableId::sysctl)
            .add({{"name", text(name)}, {"drifted", test::truth(true)}, {"boot", text("0")}});
    }
    return world;
}

/// With tcp_tw_reuse at 0 the ports are `then` percent full, under any other change as now.
findings::Report judged(double now, double then, const rules::Stop& stop = {}) {
    const auto before = drifted_world(now);
    const auto after = drifted_world(then);
    const auto rules = test::rules_of(drift_rules);
    const auto what_if = [&](const rules::Changes& changes) {
        const auto& world = changes == rules::Changes{{"net.ipv4.tcp_tw_reuse", "0"}} ? after : before;
        return std::shared_ptr<const facts::Facts>(world, &world->facts);
    };
    return rules::evaluate(rules, before->facts, what_if, nullptr, stop);
}

State drift_of(const findings::Report& report) {
    return report.rules.back().state.value();
}

} // namespace

TEST_CASE("a value of the next boot that worsens a verdict is a warning and says which") {
    const auto report = judged(75, 95);
    CHECK(drift_of(report) == State::warning);
    REQUIRE(report.findings.size() == 3);
    const auto raised = std::find_if(report.findings.begin(), report.findings.end(), [](const auto& finding) {
        return finding.summary.starts_with("net.ipv4.tcp_tw_reuse");
    });
    CHECK(raised->state == State::warning);
    CHECK(raised->summary ==
          "net.ipv4.tcp_tw_reuse changes; that brings [CRITICAL] ports: 192.0.2.1:443 at 95");
    CHECK(report.findings.back().state == State::info); // tcp_fin_timeout changes nothing
}

TEST_CASE("a value of the next boot that changes no verdict is advice, however bad things are now") {
    CHECK(drift_of(judged(75, 75)) == State::info);
    CHECK(drift_of(judged(75, 80)) == State::info);
    CHECK(drift_of(judged(95, 10)) == State::info);
}

TEST_CASE("without time to judge under the value of the next boot its rule is unknown") {
    int all = 0;
    REQUIRE(drift_of(judged(50, 95, [&] { return ++all < 0; })) == State::warning);
    for (int looks = 0; looks < all; ++looks) {
        int left = looks;
        const auto report = judged(50, 95, [&] { return --left < 0; });
        INFO(looks);
        CHECK(drift_of(report) >= State::unknown);
    }
    int left = all - 1; // all but the second trial
    CHECK(judged(50, 50, [&] { return --left < 0; }).rules.back().reason ==
          "what the next boot brings: failed (the time was up)");
}
