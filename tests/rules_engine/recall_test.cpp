#include "rules/evaluate.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

using facts::TableId;
using findings::State;
using history::Memory;
using history::Recall;
using history::Remembers;
using test::number;
using test::text;

namespace {

constexpr double boot = 1772330000; // seconds since the epoch

constexpr const char* plain = R"toml(
[[rule]]
id = "ports"
for_each = "destination"
value = "used_percent"
warning = "70"
critical = "90"
hysteresis = 5
summary = "{remote}"
)toml";

constexpr const char* patient = R"toml(
[[rule]]
id = "patient"
for_each = "destination"
value = "used_percent"
warning = "70"
for = "2m"
summary = "{remote}"
)toml";

constexpr const char* twice = R"toml(
[[rule]]
id = "twice"
for_each = "listener"
condition = "full"
severity = "warning"
critical_when = "alerting_runs >= 2 or alerting_for >= 600"
summary = "{listener}"
)toml";

constexpr const char* kept = R"toml(
[[rule]]
id = "kept"
for_each = "destination"
when = "connections >= 10"
value = "used_percent"
warning = "70"
critical = "90"
for = "30s"
keep = "5m"
summary = "{remote} {value}"
)toml";

constexpr const char* kept_condition = R"toml(
[[rule]]
id = "kept"
for_each = "listener"
condition = "accept_queue > 10"
severity = "info"
warning_when = "full"
value = "accept_queue"
keep = "3m"
summary = "{value} wait"
)toml";

/// Runs of one set of rules over a world that changes, with the memory that `check` would keep.
class Runs {
  public:
    /// A run before the first one found nothing.
    explicit Runs(std::string_view source) : rules_(test::rules_of(source)) {
        for (const rules::Rule& rule : rules_.rules) {
            memory.judged.push_back({rules::fingerprint_of(rule), -60, -30});
        }
    }

    findings::Report at(double uptime, const std::vector<std::pair<const char*, double>>& used) {
        test::World world;
        for (const auto& [remote, percent] : used) {
            world.table(TableId::destination)
                .add({{"source", text("10.0.0.1")},
                      {"remote", text(remote)},
                      {"connections", number(connections)},
                      {"used_percent", number(percent)}});
        }
        return judge(uptime, world);
    }

    findings::Report queue_at(double uptime, double waiting, bool full) {
        test::World world;
        world.table(TableId::listener)
            .add({{"listener", text("0.0.0.0:80")},
                  {"accept_queue", number(waiting)},
                  {"full", test::truth(full)}});
        return judge(uptime, world);
    }

    findings::Report full_at(double uptime, bool full) {
        test::World world;
        world.table(TableId::listener).add({{"listener", text("0.0.0.0:80")}, {"full", test::truth(full)}});
        return judge(uptime, world);
    }

    findings::Report judge(double uptime, const test::World& world) {
        Recall recall({memory}, uptime, boot + uptime, remembers);
        findings::Report report = rules::evaluate(rules_, world.facts, {}, &recall);
        report.time = boot + uptime;
        if (remembers == Remembers::yes) {
            history::update(memory, recall.updates().front());
        }
        return report;
    }

    Memory memory;
    Remembers remembers = Remembers::yes;
    double connections = 100; // of every destination

  private:
    rules::RuleSet rules_;
};

double since(const findings::Report& report, std::size_t finding = 0) {
    REQUIRE(report.findings.size() > finding);
    REQUIRE(report.findings[finding].since);
    return *report.findings[finding].since - boot;
}

State state_of(const findings::Report& report) {
    return report.rules.at(0).state.value_or(State::unknown);
}

} // namespace

TEST_CASE("Since is the first run of an unbroken row, for each subject by itself") {
    Runs runs(plain);
    CHECK(since(runs.at(100, {{"a:1", 80}})) == 100);
    CHECK(since(runs.at(160, {{"a:1", 95}, {"b:1", 80}})) == 100);
    const auto both = runs.at(220, {{"a:1", 80}, {"b:1", 95}});
    CHECK(both.findings[0].subject[1].second == "b:1");
    CHECK(since(both, 0) == 160);
    CHECK(since(both, 1) == 100);
    CHECK(runs.at(280, {{"a:1", 10}, {"b:1", 10}}).findings.empty());
    CHECK(since(runs.at(340, {{"a:1", 80}})) == 340);
}

TEST_CASE("A run long after the last one knows nothing of what was in between") {
    Runs runs(plain);
    runs.at(100, {{"a:1", 80}});
    CHECK(since(runs.at(100 + 24 * 3600, {{"a:1", 80}})) == 100);
    CHECK(since(runs.at(100 + 50 * 3600, {{"a:1", 80}})) == 100 + 50 * 3600);
}

TEST_CASE("A memory of the future is of another machine") {
    Runs runs(plain);
    runs.at(5000, {{"a:1", 80}});
    CHECK(since(runs.at(100, {{"a:1", 80}})) == 100);
}

TEST_CASE("Another threshold is another rule, whose past says nothing") {
    Runs runs(plain);
    runs.at(100, {{"a:1", 80}});
    Runs other(R"toml(
[[rule]]
id = "ports"
for_each = "destination"
value = "used_percent"
warning = "60"
summary = "{remote}"
)toml");
    other.memory = runs.memory;
    CHECK(since(other.at(160, {{"a:1", 80}})) == 160);
    CHECK(other.memory.entries.size() == 2); // and it takes nothing from the first
}

TEST_CASE("A state stays until the value has come back far enough") {
    Runs runs(plain);
    CHECK(state_of(runs.at(0, {{"a:1", 68}})) == State::ok);
    CHECK(state_of(runs.at(60, {{"a:1", 71}})) == State::warning);
    CHECK(state_of(runs.at(120, {{"a:1", 66}})) == State::warning);
    CHECK(state_of(runs.at(180, {{"a:1", 91}})) == State::critical);
    CHECK(state_of(runs.at(240, {{"a:1", 86}})) == State::critical);
    CHECK(state_of(runs.at(300, {{"a:1", 84}})) == State::warning);
    CHECK(state_of(runs.at(360, {{"a:1", 88}})) == State::warning);
    CHECK(state_of(runs.at(420, {{"a:1", 65}})) == State::ok);
    CHECK(state_of(runs.at(480, {{"a:1", 66}})) == State::ok);
    CHECK(state_of(runs.at(540, {{"b:1", 69}})) == State::ok); // another subject has no past
}

TEST_CASE("Hysteresis goes by the subject, wherever its row is") {
    Runs runs(plain);
    runs.at(0, {{"a:1", 71}});
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add({{"source", text("10.0.0.1")}, {"remote", text("b:1")}, {"used_percent", number(1)}});
    table.add({{"source", text("10.0.0.1")}, {"remote", text("a:1")}, {"used_percent", number(67)}});
    CHECK(state_of(runs.judge(60, world)) == State::warning);
}

TEST_CASE("An alert waits until it has lasted") {
    Runs runs(patient);
    const auto first = runs.at(0, {{"a:1", 80}});
    CHECK(first.findings.empty());
    CHECK(state_of(first) == State::ok);
    CHECK(first.rules[0].waiting == 1);
    CHECK(first.rules[0].waiting_since == boot);
    CHECK(runs.at(60, {{"a:1", 80}}).rules[0].waiting == 1);
    const auto third = runs.at(120, {{"a:1", 80}});
    CHECK(state_of(third) == State::warning);
    CHECK(third.rules[0].waiting == 0);
    CHECK(since(third) == 0);
    runs.at(180, {{"a:1", 10}});
    CHECK(runs.at(240, {{"a:1", 80}}).rules[0].waiting == 1);
}

TEST_CASE("An alert is kept until it has not held for some time") {
    Runs runs(kept);
    runs.at(0, {{"a:1", 95}});
    CHECK(state_of(runs.at(60, {{"a:1", 95}})) == State::critical);
    const auto pause = runs.at(120, {{"a:1", 10}});
    CHECK(state_of(pause) == State::critical);
    CHECK(since(pause) == 0);
    CHECK(pause.findings[0].summary == "a:1 10 (over for 1 min)");
    CHECK(state_of(runs.at(300, {{"a:1", 10}})) == State::critical);
    const auto again = runs.at(330, {{"a:1", 80}}); // at once, and no less than it is
    CHECK(state_of(again) == State::warning);
    CHECK(again.findings[0].summary == "a:1 80");
    CHECK(since(again) == 0);
    CHECK(state_of(runs.at(629, {{"a:1", 10}})) == State::warning);
    CHECK(state_of(runs.at(630, {{"a:1", 10}})) == State::ok);
    CHECK(runs.memory.entries.empty());
    CHECK(runs.at(660, {{"a:1", 95}}).rules[0].waiting == 1);
}

TEST_CASE("What waited and was never spoken of is not kept") {
    Runs runs(kept);
    runs.at(0, {{"a:1", 95}});
    CHECK(state_of(runs.at(20, {{"a:1", 10}})) == State::ok);
    CHECK(runs.at(60, {{"a:1", 95}}).rules[0].waiting == 1);
}

TEST_CASE("An alert is kept where the rule no longer applies, but not without its subject") {
    Runs runs(kept);
    runs.at(0, {{"a:1", 95}});
    runs.at(60, {{"a:1", 95}});
    runs.connections = 3;
    const auto few = runs.at(120, {{"a:1", 10}, {"b:1", 99}});
    REQUIRE(few.findings.size() == 1);
    CHECK(few.findings[0].summary == "a:1 10 (over for 1 min)");
    CHECK(runs.at(180, {{"b:1", 99}}).findings.empty());
}

TEST_CASE("An alert is kept on a subject that has calmed down") {
    Runs runs(kept);
    runs.at(0, {{"a:1", 95}});
    runs.at(60, {{"a:1", 95}});
    test::World world;
    auto& table = world.table(TableId::destination);
    table.add({{"source", text("10.0.0.1")},
               {"remote", text("a:1")},
               {"connections", number(1)},
               {"used_percent", number(1)}});
    CHECK(state_of(runs.judge(120, world)) == State::critical);
}

TEST_CASE("Advice is no alert: it neither is kept nor keeps one") {
    Runs runs(kept_condition);
    CHECK(state_of(runs.queue_at(0, 20, false)) == State::info);
    CHECK(state_of(runs.queue_at(60, 5, false)) == State::ok);
    CHECK(state_of(runs.queue_at(120, 99, true)) == State::warning);
    CHECK(state_of(runs.queue_at(180, 20, false)) == State::warning);
    const auto kept_last = runs.queue_at(240, 5, false);
    CHECK(kept_last.findings.at(0).summary == "5 wait (over for 2 min)");
    CHECK(state_of(runs.queue_at(300, 20, false)) == State::info);
    CHECK(runs.queue_at(360, 20, false).findings.at(0).summary == "20 wait");
}

TEST_CASE(
    "What alerts when a rule is first looked at may have lasted for hours: it does not wait, now or later") {
    Runs runs(patient);
    runs.memory.judged.clear();
    CHECK(state_of(runs.at(0, {{"a:1", 80}})) == State::warning);
    CHECK(state_of(runs.at(10, {{"a:1", 80}})) == State::warning);
    CHECK(state_of(runs.at(20, {{"a:1", 10}})) == State::ok);
    CHECK(state_of(runs.at(25, {{"a:1", 80}})) == State::warning); // watched for less than half a minute
    CHECK(state_of(runs.at(60, {{"a:1", 80}})) == State::warning);
    runs.at(120, {{"a:1", 10}});
    CHECK(runs.at(180, {{"a:1", 80}}).rules[0].waiting == 1);
    runs.at(240, {{"a:1", 10}});
    CHECK(state_of(runs.at(240 + 1000, {{"a:1", 80}})) == State::warning); // nobody looked for long
}

TEST_CASE("Where nobody remembers, nothing waits") {
    Runs runs(patient);
    runs.remembers = Remembers::no;
    CHECK(state_of(runs.at(0, {{"a:1", 80}})) == State::warning);
    CHECK(state_of(runs.at(60, {{"a:1", 80}})) == State::warning);
    CHECK_FALSE(runs.at(120, {{"a:1", 80}}).findings.at(0).since);
}

TEST_CASE("A clock that is set moves no alert") {
    Runs runs(plain);
    runs.at(100, {{"a:1", 80}});
    test::World world;
    world.table(TableId::destination)
        .add({{"source", text("10.0.0.1")}, {"remote", text("a:1")}, {"used_percent", number(80)}});
    for (const double clock : {boot - 86400 * 365, boot + 3600, 0.0}) {
        Recall recall({runs.memory}, 160, clock + 160, Remembers::yes);
        const auto report = rules::evaluate(test::rules_of(plain), world.facts, {}, &recall);
        CHECK(*report.findings.at(0).since == clock + 100);
    }
}

TEST_CASE("One that only reads waits as the one that wrote does") {
    Runs runs(patient);
    runs.at(0, {{"a:1", 80}});
    runs.remembers = Remembers::no;
    CHECK(runs.at(60, {{"a:1", 80}}).rules[0].waiting == 1);
    CHECK(state_of(runs.at(130, {{"a:1", 80}})) == State::warning);
}

TEST_CASE("Runs count if half a minute lies between them") {
    Runs runs(twice);
    CHECK(state_of(runs.full_at(0, true)) == State::warning);
    CHECK(state_of(runs.full_at(1, true)) == State::warning);
    CHECK(state_of(runs.full_at(29, true)) == State::warning);
    CHECK(state_of(runs.full_at(30, true)) == State::critical);
    runs.full_at(60, false);
    CHECK(state_of(runs.full_at(90, true)) == State::warning);
}

TEST_CASE("The past of an alert is known only where something alerts") {
    const auto complaint = [](const char* key) {
        rules::Inputs inputs;
        inputs.drop_ins.push_back(
            {"x.toml", std::string("[[rule]]\nid = \"x\"\nfor_each = \"listener\"\ncondition = \"full\"\n"
                                   "severity = \"info\"\nsummary = \"x\"\n") +
                           key + "\n"});
        return base::to_text(rules::load(inputs).diagnostics);
    };
    CHECK(complaint("warning_when = \"alerting_for > 60\"").empty());
    CHECK(complaint("when = \"alerting_runs > 2\"").find("is known only where something alerts already") !=
          std::string::npos);
    CHECK(complaint("for = \"2 minutes\"").find("is no time to wait") != std::string::npos);
    CHECK(complaint("for = \"0s\"").find("is no time to wait") != std::string::npos);
    CHECK(complaint("for = \"25h\"").find("is no time to wait") != std::string::npos);
    CHECK(complaint("keep = \"soon\"").find("is no time to wait") != std::string::npos);
    CHECK(complaint("hysteresis = 5").find("'hysteresis' without ranges") != std::string::npos);
}

TEST_CASE("A rule that cannot be judged forgets nothing") {
    Runs runs(plain);
    runs.at(0, {{"a:1", 80}});
    test::World world;
    world.table(TableId::destination)
        .add({{"source", text("10.0.0.1")},
              {"remote", text("a:1")},
              {"used_percent", test::missing(base::Why::denied)}});
    CHECK(state_of(runs.judge(60, world)) == State::unknown);
    CHECK(since(runs.at(120, {{"a:1", 80}})) == 0);
}

TEST_CASE("Of thousands of subjects that alert, some are remembered, and none is lost") {
    Runs runs(plain);
    std::vector<std::string> names;
    for (int i = 0; i < 3000; ++i) {
        names.push_back("r" + std::to_string(i) + ":1");
    }
    std::vector<std::pair<const char*, double>> many;
    for (const std::string& name : names) {
        many.emplace_back(name.c_str(), 80);
    }
    runs.at(0, many);
    CHECK(runs.memory.entries.size() == 64);
    const auto report = runs.at(60, many);
    CHECK(state_of(report) == State::warning);
    CHECK(runs.memory.entries.size() <= 128);
}
