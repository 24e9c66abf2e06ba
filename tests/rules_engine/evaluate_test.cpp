#include "rules/evaluate.h"
#include "tests/catch.h"

#include "facts/schema.h"
#include "tests/rules_engine/world.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using facts::TableId;
using findings::State;
using test::missing;
using test::number;
using test::text;

namespace {

constexpr const char* ports = R"toml(
[[rule]]
id = "ports"
title = "Ports run out"
for_each = "destination"
when = "connections >= busy"
value = "used_percent"
warning = "70"
critical = "90"
summary = "{remote}: {value} {unit}, critical {critical}"
why = "Because."
see = ["ip(7)"]
  [rule.parameters.busy]
  default = 100
  help = "Judge from so many connections on."
  [[rule.remedy]]
  when = "not reuse_applies"
  text = "Reuse ports of {remote}"
  risk = "Needs timestamps"
  sysctl = { "net.ipv4.tcp_tw_reuse" = 1, "net.ipv4.ip_local_port_range" = "1024 {range_high}" }
  [[rule.remedy]]
  when = "time_wait > 5"
  text = "Not shown: time_wait is missing"
)toml";

test::Row destination(const char* remote, double used, double connections = 200) {
    return {{"source", text("10.0.0.1")},     {"remote", text(std::string(remote) + ":443")},
            {"remote_address", text(remote)}, {"connections", number(connections)},
            {"used_percent", number(used)},   {"reuse_applies", test::truth(false)}};
}

findings::RuleOutcome outcome_of(const findings::Report& report, std::size_t rule = 0) {
    REQUIRE(report.rules.size() > rule);
    return report.rules[rule];
}

rules::RuleSet with_settings(std::string_view source, std::string settings, double now) {
    rules::Inputs inputs;
    inputs.drop_ins.push_back({"ports.toml", std::string(source)});
    inputs.settings = rules::TextFile{"tcpadvisor.toml", std::move(settings)};
    inputs.now = now;
    rules::Loaded loaded = rules::load(inputs);
    INFO(base::to_text(loaded.diagnostics));
    REQUIRE_FALSE(loaded.diagnostics.has_errors());
    return std::move(loaded.rules);
}

} // namespace

TEST_CASE("the worst subject decides, and findings come worst first") {
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add(destination("192.0.2.1", 75));
    table.add(destination("192.0.2.2", 95));
    table.add(destination("192.0.2.3", 99));
    table.add(destination("192.0.2.4", 50));
    table.add(destination("192.0.2.5", 99.5, 10)); // not applicable
    const auto report = rules::evaluate(test::rules_of(ports), world.facts);
    CHECK(outcome_of(report).state == State::critical);
    CHECK(outcome_of(report).judged == 4);
    CHECK(report.worst() == State::critical);
    CHECK(report.namespaces == std::vector<std::string>{"main"});
    REQUIRE(report.findings.size() == 3);
    CHECK(report.findings[0].summary == "192.0.2.3:443: 99 %, critical 90");
    CHECK(report.findings[1].summary == "192.0.2.2:443: 95 %, critical 90");
    CHECK(report.findings[2].state == State::warning);
}

TEST_CASE("without time for all rows the worst of those that were judged stands, and the rest is named") {
    constexpr std::size_t rows = 100;
    const std::string listeners = R"(
[[rule]]
id = "queues"
for_each = "listener"
condition = "accept_queue > 5"
severity = "warning"
summary = "full"
)";
    test::World world;
    for (std::size_t row = 0; row < rows; ++row) {
        world.table(TableId::destination).add(destination("192.0.2.1", row == 0 ? 95 : 50));
    }
    world.table(TableId::listener).add({{"accept_queue", number(0)}});
    const auto judged_until = [&](int looks) {
        return rules::evaluate(test::rules_of(std::string(ports) + std::string(listeners)), world.facts, {},
                               nullptr, [looks]() mutable { return --looks < 0; });
    };
    const auto nothing = judged_until(0);
    CHECK(nothing.worst() == State::unknown);
    CHECK(nothing.rules[0].reason == "100 of 100 rows of 'destination': failed (the time was up)");
    CHECK(nothing.rules[1].reason == "1 of 1 rows of 'listener': failed (the time was up)");
    const auto some = judged_until(3); // one for the smaller table
    CHECK(some.worst() == State::critical);
    CHECK(some.findings.size() == 1);
    CHECK(some.rules[0].judged == 16);
    CHECK(some.rules[0].reason == "84 of 100 rows of 'destination': failed (the time was up)");
    CHECK(some.rules[1].state == State::ok);
    CHECK(some.gaps.size() == 1);
    CHECK(some.notes == std::vector<std::string>{"84 of 100 rows of 'destination': the time was up"});
    const auto all = judged_until(1000);
    CHECK(all.rules[0].judged == rows);
    CHECK(all.rules[0].reason.empty());
    CHECK(all.gaps.empty());
}

TEST_CASE("what no row speaks of is not OK where rows were left out") {
    test::World world;
    for (int row = 0; row < 20; ++row) {
        world.table(TableId::destination).add(destination("192.0.2.1", 50));
    }
    int looks = 0;
    const auto report =
        rules::evaluate(test::rules_of(ports), world.facts, {}, nullptr, [&] { return ++looks > 2; });
    CHECK(report.worst() == State::unknown);
    CHECK(report.rules[0].judged == 16);
    CHECK(report.notes.empty()); // the verdict says it
}

TEST_CASE("a finding carries subject, value, evidence, prose and remedies") {
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add(destination("192.0.2.1", 91.25));
    table.set("used_percent", test::inferred(91.25));
    world.table(TableId::netns).set("range_high", number(65535));
    auto& sysctls = world.table(TableId::sysctl);
    sysctls.add({{"name", text("net.ipv4.tcp_tw_reuse")}, {"runtime", text("2")}});
    sysctls.add({{"name", text("net.ipv4.ip_local_port_range")}, {"runtime", text("32768\t60999")}});
    const auto report = rules::evaluate(test::rules_of(ports), world.facts);
    REQUIRE(report.findings.size() == 1);
    const findings::Finding& finding = report.findings[0];
    CHECK(finding.rule == "ports");
    CHECK(finding.title == "Ports run out");
    CHECK(finding.netns == "main");
    CHECK(finding.subject == std::vector<std::pair<std::string, std::string>>{{"source", "10.0.0.1"},
                                                                              {"remote", "192.0.2.1:443"}});
    CHECK(finding.value == 91.25);
    CHECK(finding.unit == "%");
    CHECK(finding.warning == "70");
    CHECK(finding.critical == "90");
    CHECK(finding.inferred);
    CHECK(finding.why == "Because.");
    CHECK(finding.see == std::vector<std::string>{"ip(7)"});
    REQUIRE(finding.evidence.size() == 2);
    CHECK(finding.evidence[0].name == "used_percent");
    CHECK(finding.evidence[0].inferred);
    CHECK(finding.evidence[1].name == "connections");
    CHECK(finding.evidence[1].number == 200);
    REQUIRE(finding.remedies.size() == 1);
    CHECK(finding.remedies[0].text == "Reuse ports of 192.0.2.1:443");
    CHECK(finding.remedies[0].command ==
          "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\" net.ipv4.tcp_tw_reuse=1");
    CHECK(finding.remedies[0].undo ==
          "sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\" net.ipv4.tcp_tw_reuse=2");
    CHECK(finding.remedies[0].risk == "Needs timestamps");
}

TEST_CASE("a sysctl takes the value rounded up, but not for what binary fractions add") {
    std::string source(ports);
    source.replace(source.find("1024 {range_high}"), 17, "{value} {range_high}");
    const auto command = [&](double value) {
        test::World world;
        world.table(TableId::destination).add(destination("192.0.2.1", value));
        world.table(TableId::netns).set("range_high", number(65535));
        return rules::evaluate(test::rules_of(source), world.facts).findings.at(0).remedies.at(0).command;
    };
    CHECK(command(91.5).find("\"92 65535\"") != std::string::npos);
    CHECK(command(91.00000001).find("\"91 65535\"") != std::string::npos);
}

TEST_CASE("without the value of now there is no undo, without the value to come no command") {
    test::World world;
    world.table(TableId::destination).add(destination("192.0.2.1", 91));
    const auto first_remedy = [&] {
        return rules::evaluate(test::rules_of(ports), world.facts).findings.at(0).remedies.at(0);
    };
    CHECK(first_remedy().command.empty()); // nobody knows range_high
    CHECK(first_remedy().settings.empty());
    world.table(TableId::netns).set("range_high", number(65535));
    CHECK(first_remedy().undo.empty());
    CHECK(first_remedy().command ==
          "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\" net.ipv4.tcp_tw_reuse=1");
}

TEST_CASE("a command with a fact that nobody knows is left out") {
    const std::string source = std::string(ports) + R"(
  [[rule.remedy]]
  text = "End them"
  command = "ss -tK state {held_by} dport = :{remote_port}"
  risk = "Some"
)";
    test::World world;
    world.table(TableId::destination).add(destination("192.0.2.1", 91));
    const auto remedies = rules::evaluate(test::rules_of(source), world.facts).findings.at(0).remedies;
    REQUIRE(remedies.size() == 2);
    CHECK(remedies[1].text == "End them");
    CHECK(remedies[1].command.empty());
}

TEST_CASE("a value of now that is no value is in no command") {
    for (const char* now : {"0\"; touch x; echo \"$(id)", "`id`", "2 # x", "bbr", "2\ntouch x"}) {
        test::World world;
        world.table(TableId::destination).add(destination("192.0.2.1", 91));
        world.table(TableId::netns).set("range_high", number(65535));
        auto& sysctls = world.table(TableId::sysctl);
        sysctls.add({{"name", text("net.ipv4.tcp_tw_reuse")}, {"runtime", text(now)}});
        sysctls.add({{"name", text("net.ipv4.ip_local_port_range")}, {"runtime", text("32768\t60999")}});
        const auto report = rules::evaluate(test::rules_of(ports), world.facts);
        const findings::Remedy& remedy = report.findings.at(0).remedies.at(0);
        CHECK(remedy.command.find("tcp_tw_reuse=1") != std::string::npos);
        CHECK(remedy.undo == "Unknown: the value of now, as it was read, cannot stand in a command");
        for (const findings::Setting& setting : remedy.settings) {
            CHECK(setting.now.has_value() == (setting.name != "net.ipv4.tcp_tw_reuse"));
        }
    }
}

namespace {

/// The remedy of a rule that finds one sysctl; `what` is its command, undo or sysctl.
findings::Remedy remedy_with(const std::string& what, const std::string& runtime) {
    constexpr const char* rule = R"toml(
[[rule]]
id = "rule"
for_each = "sysctl"
condition = "true"
severity = "warning"
summary = "no"
  [[rule.remedy]]
  text = "Do"
  risk = "None"
  )toml";
    test::World world;
    world.table(TableId::sysctl).add({{"name", text("a.b")}, {"runtime", text(runtime)}});
    const auto report = rules::evaluate(test::rules_of(rule + what), world.facts);
    return report.findings.at(0).remedies.at(0);
}

findings::Remedy remedy_of_command(const std::string& command, const std::string& runtime) {
    return remedy_with("command = '''" + command + "'''", runtime);
}

} // namespace

TEST_CASE("what facts say is quoted in a command where it is not plain") {
    CHECK(remedy_of_command("ls {name} {runtime}", "x 1").command == R"(ls a.b "x 1")");
    CHECK(remedy_of_command("ls {name}={runtime}", "$(id)").command == "ls a.b='$(id)'");
    CHECK(remedy_of_command(R"(ls "{runtime}")", "32768\t60999").command == R"(ls "32768 60999")");
    CHECK(remedy_of_command(R"(ls \"{runtime})", "a;b").command == R"(ls \"'a;b')");
    CHECK(remedy_of_command(R"(ls "" '' {runtime})", "a;b").command == R"(ls "" '' 'a;b')");
}

TEST_CASE("inside quotes of a command nothing stands that is not plain") {
    for (const char* command :
         {R"(ls "{runtime}")", R"(sh -c "echo 'x' {runtime}")", R"(ls \{runtime})", "echo '{runtime}",
          "echo `ls {runtime}`", R"(echo "\"{runtime}")", R"(echo '\' "{runtime}")"}) {
        const findings::Remedy remedy = remedy_of_command(command, "x'\"; `touch x`");
        CHECK(remedy.command.empty());
        CHECK(remedy.text == "Do (no command: a value in it, as it was read, cannot stand in one)");
    }
    CHECK(remedy_with("undo = 'ls \"{runtime}\"'", "$(id)").undo.starts_with("Unknown"));
}

TEST_CASE("a fact that is no number is no value for a sysctl") {
    constexpr const char* sysctl = "sysctl = { \"net.core.somaxconn\" = \"{runtime}\" }";
    CHECK(remedy_with(sysctl, "32768\t60999").command == "sysctl -w net.core.somaxconn=\"32768 60999\"");
    const findings::Remedy remedy = remedy_with(sysctl, "1; touch x");
    CHECK(remedy.command.empty());
    CHECK(remedy.settings.empty());
    CHECK(remedy.text.find("no command") != std::string::npos);
}

TEST_CASE("absent facts skip, unreadable facts are UNKNOWN, and neither hides a warning") {
    const rules::RuleSet rules = test::rules_of(ports);
    test::World world;
    auto& table = world.table(TableId::destination);
    CHECK(outcome_of(rules::evaluate(rules, world.facts)).state == State::ok); // no row at all
    CHECK(outcome_of(rules::evaluate(rules, world.facts)).judged == 0);
    table.add(destination("192.0.2.1", 0));
    for (const auto why : {base::Why::absent, base::Why::not_collected}) {
        table.set("used_percent", missing(why));
        const auto outcome = outcome_of(rules::evaluate(rules, world.facts));
        CHECK_FALSE(outcome.state.has_value());
        CHECK(outcome.reason == "the fact: " + std::string(base::name(why)) + " (detail)");
    }
    for (const auto why : {base::Why::denied, base::Why::failed, base::Why::truncated}) {
        table.set("used_percent", missing(why));
        const auto report = rules::evaluate(rules, world.facts);
        CHECK(outcome_of(report).state == State::unknown);
        CHECK(outcome_of(report).reason == "the fact: " + std::string(base::name(why)) + " (detail)");
        CHECK(report.worst() == State::unknown);
    }
    table.add(destination("192.0.2.2", 75));
    CHECK(outcome_of(rules::evaluate(rules, world.facts)).state == State::warning);
    CHECK_FALSE(outcome_of(rules::evaluate(rules, world.facts)).reason.empty());
    table.set("used_percent", number(10));
    CHECK(outcome_of(rules::evaluate(rules, world.facts)).state == State::unknown);
}

TEST_CASE("a missing `when` counts like a missing value") {
    const rules::RuleSet rules = test::rules_of(ports);
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add(destination("192.0.2.1", 99));
    table.set("connections", missing(base::Why::denied));
    CHECK(outcome_of(rules::evaluate(rules, world.facts)).state == State::unknown);
    table.set("connections", missing(base::Why::absent));
    CHECK_FALSE(outcome_of(rules::evaluate(rules, world.facts)).state.has_value());
}

TEST_CASE("missing rows are never OK") {
    const rules::RuleSet rules = test::rules_of(ports);
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add(destination("192.0.2.1", 10));
    table.set_incomplete({"destinations", base::Why::truncated, "too many"});
    auto outcome = outcome_of(rules::evaluate(rules, world.facts));
    CHECK(outcome.state == State::unknown);
    CHECK(outcome.reason == "destinations: truncated (too many)");
    table.add(destination("192.0.2.2", 95));
    const auto report = rules::evaluate(rules, world.facts);
    CHECK(outcome_of(report).state == State::critical);
    CHECK(report.findings.size() == 1);
}

TEST_CASE("a table or namespace that is not there is not OK") {
    const rules::RuleSet rules = test::rules_of(ports);
    test::World world;
    world.facts.namespaces[0].tables[static_cast<std::size_t>(TableId::destination)] = nullptr;
    CHECK_FALSE(outcome_of(rules::evaluate(rules, world.facts)).state.has_value());
    world.facts.namespaces.clear();
    CHECK(outcome_of(rules::evaluate(rules, world.facts)).state == State::unknown);
}

TEST_CASE("a condition has a severity, which may be raised") {
    const rules::RuleSet rules = test::rules_of(R"(
[[rule]]
id = "a"
for_each = "namespace"
condition = "tw_reuse == 0"
severity = "info"
warning_when = "ports_used_percent > 50"
critical_when = "ports_used_percent > 90"
value = "time_wait"
summary = "{value} {unit}"
)");
    test::World world;
    auto& table = world.table(TableId::netns);
    table.set("tw_reuse", number(0));
    table.set("time_wait", number(12));
    const auto state = [&](facts::Value used) {
        table.set("ports_used_percent", std::move(used));
        return outcome_of(rules::evaluate(rules, world.facts)).state;
    };
    CHECK(state(number(10)) == State::info);
    CHECK(state(number(60)) == State::warning);
    CHECK(state(number(95)) == State::critical);
    CHECK(state(missing(base::Why::absent)) == State::info);
    CHECK(state(missing(base::Why::denied)) == State::unknown);
    table.set("tw_reuse", number(1));
    CHECK(state(number(95)) == State::ok);
    table.set("tw_reuse", number(0));
    const auto report = rules::evaluate(rules, world.facts);
    CHECK(report.findings.at(0).summary == "12 sockets");
    CHECK(report.findings.at(0).value == 12);
}

TEST_CASE("many findings are counted, and the worst are kept") {
    test::World world;
    auto& table = world.table(TableId::destination);
    for (int i = 0; i < 500; ++i) {
        table.add(destination("192.0.2.1", i == 444 ? 99 : 71));
    }
    const auto report = rules::evaluate(test::rules_of(ports), world.facts);
    REQUIRE(report.findings.size() == rules::most_findings);
    CHECK(report.findings[0].state == State::critical);
    CHECK(outcome_of(report).state == State::critical);
    CHECK(outcome_of(report).judged == 500);
    CHECK(report.findings.back().summary.ends_with(" (and 480 more)"));
    CHECK(report.findings.back().evidence.back().number == 480);
}

TEST_CASE("every namespace is judged by its own facts") {
    test::World world;
    world.add_netns("web");
    world.table(TableId::destination, 0).add(destination("192.0.2.1", 10));
    world.table(TableId::destination, 1).add(destination("192.0.2.1", 95));
    const auto report = rules::evaluate(test::rules_of(ports), world.facts);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].netns == "web");
    CHECK(outcome_of(report).judged == 2);
}

TEST_CASE("overrides change one subject until they expire") {
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add(destination("192.0.2.1", 95));
    table.add(destination("192.0.2.2", 95));
    const auto state = [&](const std::string& settings, double now) {
        return rules::evaluate(with_settings(ports, settings, now), world.facts);
    };
    const std::string ignore =
        "[[override]]\nrule = \"ports\"\nremote = \"192.0.2.1:443\"\nreason = \"known\"\n"
        "expires = 2027-01-01\nignore = true\n";
    const auto ignored = state(ignore, 0);
    REQUIRE(ignored.findings.size() == 1);
    CHECK(ignored.findings[0].subject[1].second == "192.0.2.2:443");
    const auto expired = state(ignore, 2e9);
    REQUIRE(expired.findings.size() == 2);
    CHECK(expired.findings[0].evidence.back().name == "expired_override");
    CHECK(expired.findings[0].evidence.back().text == "known (tcpadvisor.toml:1, until 2027-01-01)");
    const auto changed =
        state("[[override]]\nrule = \"ports\"\nremote = \"192.0.2.1\"\nnamespace = \"main\"\nreason = \"r\"\n"
              "critical = \"99\"\n",
              0);
    REQUIRE(changed.findings.size() == 2);
    CHECK(changed.findings[1].state == State::warning);
    CHECK(changed.findings[1].critical == "99");
    CHECK(changed.findings[1].summary == "192.0.2.1:443: 95 %, critical 99");
    const auto elsewhere =
        state("[[override]]\nrule = \"ports\"\nremote = \"192.0.2.1\"\nnamespace = \"web\"\nreason = \"r\"\n"
              "critical = \"99\"\n",
              0);
    CHECK(elsewhere.findings[1].state == State::critical);
}

TEST_CASE("an override that is stricter makes its subject alert") {
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add(destination("192.0.2.1", 20));
    table.add(destination("192.0.2.2", 20));
    const rules::RuleSet rules = with_settings(
        ports, "[[override]]\nrule = \"ports\"\nremote = \"192.0.2.2\"\nreason = \"r\"\nwarning = \"5\"\n",
        0);
    const auto report = rules::evaluate(rules, world.facts);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].subject[1].second == "192.0.2.2:443");
}

TEST_CASE("every row is judged and counted, whether it could alert or not") {
    test::World world;
    for (int i = 0; i < 1000; ++i) {
        world.table(TableId::destination).add(destination("192.0.2.1", 0, i < 3 ? 1 : 200));
    }
    const auto report = rules::evaluate(test::rules_of(ports), world.facts);
    CHECK(outcome_of(report).judged == 997);
    CHECK(outcome_of(report).state == State::ok);
}

TEST_CASE("all rules judge a row before the next one is worked out") {
    class Visited : public test::WorldTable {
      public:
        using WorldTable::WorldTable;
        facts::Value get(std::size_t row, std::size_t column) const override {
            rows.push_back(row);
            return WorldTable::get(row, column);
        }
        mutable std::vector<std::size_t> rows;
    };
    auto table = std::make_unique<Visited>(TableId::destination);
    for (int i = 0; i < 5; ++i) {
        table->add(destination("192.0.2.1", 20));
    }
    const Visited& visited = *table;
    test::World world;
    world.facts.namespaces[0].tables[static_cast<std::size_t>(TableId::destination)] = std::move(table);
    std::string second(ports);
    second.replace(second.find("\"ports\""), 7, "\"again\"");
    rules::evaluate(test::rules_of(ports + second), world.facts);
    CHECK(visited.rows.size() == 5 * 2 * 2);
    CHECK(std::is_sorted(visited.rows.begin(), visited.rows.end()));
}

TEST_CASE("rows of a kind that is quiet are judged together, any other by itself") {
    class Kinds : public test::WorldTable {
      public:
        using WorldTable::WorldTable;
        std::string_view kind(std::size_t row) const override { return row % 2 == 0 ? "even" : "odd"; }
        facts::ColumnSet kind_columns() const override {
            facts::ColumnSet columns;
            for (const char* name : {"used_percent", "connections"}) {
                columns.set(*facts::schema(TableId::destination).find(name));
            }
            return columns;
        }
        facts::Value get(std::size_t row, std::size_t column) const override {
            ++asked;
            return WorldTable::get(row, column);
        }
        mutable int asked = 0;
    };
    const auto judged_by = [](const std::string& rules, double odd_value) {
        auto table = std::make_unique<Kinds>(TableId::destination);
        for (int i = 0; i < 100; ++i) {
            table->add(destination("192.0.2.1", i % 2 == 0 ? 20 : odd_value));
        }
        const Kinds& kinds = *table;
        test::World world;
        world.facts.namespaces[0].tables[static_cast<std::size_t>(TableId::destination)] = std::move(table);
        auto report = rules::evaluate(test::rules_of(rules), world.facts);
        return std::pair(std::move(report), kinds.asked);
    };
    const auto [quiet, asked] = judged_by(ports, 30);
    CHECK(quiet.rules[0].judged == 100);
    CHECK(asked < 20);
    const auto [loud, asked_of_loud] = judged_by(ports, 95);
    CHECK(loud.rules[0].judged == 100);
    CHECK(loud.findings.size() == 20); // of 50: those that are written
    std::string by_name(ports);
    by_name.insert(by_name.find(" >= busy"), " >= busy and remote != 'x' and connections");
    const auto [named, asked_of_named] = judged_by(by_name, 30);
    CHECK(named.rules[0].judged == 100);
    CHECK(asked_of_named >= 200);
}

TEST_CASE("rules that are not active have no outcome") {
    rules::RuleSet rules = test::rules_of(ports);
    rules.rules[0].active = false;
    test::World world;
    world.table(TableId::destination).add(destination("192.0.2.1", 95));
    const auto report = rules::evaluate(rules, world.facts);
    CHECK(report.rules.empty());
    CHECK(report.findings.empty());
}
