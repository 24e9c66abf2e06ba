#include "facts/schema.h"
#include "rules/load.h"
#include "rules/perfdata.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

#include <algorithm>

using facts::TableId;
using test::missing;
using test::number;

namespace {

const findings::Perfdatum* find(const std::vector<findings::Perfdatum>& data, std::string_view label) {
    const auto found =
        std::find_if(data.begin(), data.end(), [&](const auto& datum) { return datum.label == label; });
    return found != data.end() ? &*found : nullptr;
}

} // namespace

TEST_CASE("the labels are frozen") {
    std::string all;
    for (const rules::Label& label : rules::labels()) {
        all += std::string(label.label) + std::string(label.unit) + ' ';
        CHECK((label.fact.empty() ||
               facts::find_schema(label.table == TableId::host ? "host" : "namespace")->find(label.fact)));
    }
    CHECK(all ==
          "ports_used_percent% ports_load_percent% established time_wait close_wait close_wait_leaked "
          "syn_sent syn_recv "
          "fin_wait orphans accept_queue_percent% tcp_memory_percent% conntrack_percent% listen_overflowsc "
          "time_wait_overflowsc rules_alerting ");
}

TEST_CASE("a topic has its own labels, and speaks of them alone") {
    const auto names = [](const std::vector<std::string>& tags) {
        std::vector<findings::Perfdatum> data;
        for (const rules::Label& label : rules::labels()) {
            findings::Perfdatum& datum = data.emplace_back();
            datum.label = label.label;
            datum.value = 2;
        }
        rules::keep_topics(tags, data);
        std::string all;
        for (const findings::Perfdatum& datum : data) {
            all += datum.label + ' ';
        }
        return all + "| " + rules::in_words(data);
    };
    CHECK(names({"close-wait"}) ==
          "close_wait close_wait_leaked rules_alerting | 2 CLOSE_WAIT, 2 of them leaked");
    CHECK(names({"health", "time-wait"}) ==
          "time_wait fin_wait time_wait_overflows rules_alerting | 2 TIME_WAIT, 2 FIN_WAIT");
    CHECK(names({"listeners"}) == "syn_recv accept_queue_percent listen_overflows rules_alerting | "
                                  "2 SYN_RECV, fullest accept queue 2 %");
    CHECK(names({"site"}) == names({})); // no topic of a label: the frozen list
}

TEST_CASE("percentages take the worst namespace, counts the sum") {
    test::World world;
    world.add_netns("web");
    world.table(TableId::netns, 0).set("ports_used_percent", number(10));
    world.table(TableId::netns, 1).set("ports_used_percent", number(30));
    world.table(TableId::netns, 0).set("established", number(10));
    world.table(TableId::netns, 1).set("established", number(30));
    world.table(TableId::netns, 0).set("time_wait", number(0));
    world.host().set("orphans", number(3));
    const auto data = rules::measure({}, {}, world.facts);
    REQUIRE(data.size() == 5);
    CHECK(find(data, "ports_used_percent")->value == 30);
    CHECK(find(data, "established")->value == 40);
    CHECK(find(data, "time_wait")->value == 0); // absent in the second
    CHECK(find(data, "orphans")->value == 3);
    CHECK(find(data, "rules_alerting")->value == 0);
}

TEST_CASE("what could not be read keeps its label without a value") {
    test::World world;
    world.add_netns("web");
    world.table(TableId::netns, 0).set("established", number(10));
    world.table(TableId::netns, 1).set("established", missing(base::Why::denied));
    world.host().set("tcp_memory_percent", missing(base::Why::failed));
    const auto data = rules::measure({}, {}, world.facts);
    REQUIRE(data.size() == 3);
    CHECK_FALSE(find(data, "established")->value.has_value());
    CHECK_FALSE(find(data, "tcp_memory_percent")->value.has_value());
}

TEST_CASE("ranges come from the rule that judges the value") {
    rules::Inputs inputs;
    inputs.shipped = rules::shipped_rules();
    test::World world;
    world.table(TableId::netns).set("ports_used_percent", number(10));
    world.table(TableId::netns).set("established", number(10));
    auto data = rules::measure(rules::load(inputs).rules, {}, world.facts);
    CHECK(find(data, "ports_used_percent")->warning == "70");
    CHECK(find(data, "ports_used_percent")->critical == "90");
    CHECK(find(data, "established")->warning.empty());
    inputs.set = {"ephemeral-port-exhaustion.warning=60%", "ephemeral-port-exhaustion.critical=~:+9e1"};
    data = rules::measure(rules::load(inputs).rules, {}, world.facts);
    CHECK(find(data, "ports_used_percent")->warning == "60"); // not as it was written
    CHECK(find(data, "ports_used_percent")->critical == "~:90");
    inputs.set.clear();
    inputs.only = {"tw-reuse-off"};
    data = rules::measure(rules::load(inputs).rules, {}, world.facts);
    CHECK(find(data, "ports_used_percent")->warning.empty());
}

TEST_CASE("alerting rules are counted") {
    findings::Report report;
    using findings::State;
    for (const auto state : {State::ok, State::info, State::unknown, State::warning, State::critical}) {
        report.rules.push_back({"x", state, "", 1});
    }
    report.rules.push_back({"x", std::nullopt, "", 0});
    test::World world;
    CHECK(find(rules::measure({}, report, world.facts), "rules_alerting")->value == 2);
}
