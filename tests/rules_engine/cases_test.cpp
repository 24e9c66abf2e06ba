#include "rules/cases.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

namespace {

constexpr const char* rule_with_cases = R"(
[[rule]]
id = "ports"
for_each = "destination"
when = "connections >= busy or host.orphans > 5 or range_size < 10"
value = "used_percent"
warning = "70"
critical = "90"
summary = "{remote}: {value} %"
  [rule.parameters.busy]
  default = 100
  help = "x"
  [[rule.remedy]]
  text = "Reuse"
  risk = "None"
  sysctl = { "net.ipv4.tcp_tw_reuse" = 1 }
)";

rules::CaseRun run(std::string text) {
    return rules::run_cases(test::rules_of(rule_with_cases), {"cases.toml", std::move(text)});
}

std::string case_of(const std::string& body) {
    return "[[case]]\nname = \"n\"\nrule = \"ports\"\n" + body;
}

std::string message_of(const std::string& body) {
    const rules::CaseRun result = run(case_of(body));
    INFO(base::to_text(result.diagnostics));
    REQUIRE(result.diagnostics.empty());
    REQUIRE(result.results.size() == 1);
    CHECK(result.results[0].passed == result.results[0].message.empty());
    return result.results[0].message;
}

const std::string busy =
    "row = { remote = \"r\", connections = 200, used_percent = 80 }\nhost = { orphans = 1 }\n"
    "namespace = { range_size = 100 }\n";

} // namespace

TEST_CASE("cases pass when verdict, summary, remedies and commands are as expected") {
    CHECK(message_of(busy + "expect = \"warning\"").empty());
    CHECK(message_of(busy + "expect = \"warning\"\nsummary = \"r: 80 %\"\nremedies = [\"Reuse\"]\n"
                            "commands = [\"sysctl -w net.ipv4.tcp_tw_reuse=1\"]")
              .empty());
    CHECK(message_of(busy + "denied = [\"used_percent\"]\nexpect = \"unknown\"").empty());
    CHECK(message_of("row = { connections = 200 }\nexpect = \"skipped\"").empty());
    CHECK(message_of("row = { connections = 1 }\nhost = { orphans = 1 }\nnamespace = { range_size = 100 }\n"
                     "expect = \"not_applicable\"")
              .empty());
    CHECK(message_of(
              "row = { connections = 1, used_percent = 95 }\nhost = { orphans = 6 }\nexpect = \"critical\"")
              .empty());
    CHECK(
        message_of("row = { connections = 1, used_percent = 5 }\nparameters = { busy = 1 }\nexpect = \"ok\"")
            .empty());
}

TEST_CASE("cases fail with what was expected and what came") {
    CHECK(message_of(busy + "expect = \"ok\"") == "verdict: expected 'ok', got 'warning'");
    CHECK(message_of(busy + "denied = [\"used_percent\"]\nexpect = \"ok\"") ==
          "verdict: expected 'ok', got 'unknown' (used_percent: denied)");
    CHECK(message_of(busy + "expect = \"warning\"\nsummary = \"x\"") ==
          "summary: expected 'x', got 'r: 80 %'");
    CHECK(message_of(busy + "expect = \"warning\"\nremedies = []") == "remedies: expected '', got 'Reuse'");
    CHECK(message_of(busy + "expect = \"warning\"\ncommands = [\"x\"]") ==
          "commands: expected 'x', got 'sysctl -w net.ipv4.tcp_tw_reuse=1'");
}

TEST_CASE("what is wrong with a case is a diagnostic, not a result") {
    for (const char* body : {"expect = \"warn\"", "", "expect = \"ok\"\nrow = { conections = 1 }",
                             "expect = \"ok\"\nrow = { connections = \"1\" }",
                             "expect = \"ok\"\ndenied = [\"x\"]", "expect = \"ok\"\nparameters = { bsy = 1 }",
                             "expect = \"ok\"\nrows = {}", "expect = \"ok\"\nhost = { time_wait = 1 }"}) {
        INFO(body);
        const rules::CaseRun result = run(case_of(body));
        CHECK(result.results.empty());
        REQUIRE(result.diagnostics.sorted().size() == 1);
        CHECK(result.diagnostics.sorted()[0].position.line > 0);
        CHECK_FALSE(result.diagnostics.sorted()[0].advice.empty());
    }
    CHECK(run("[[case]]\nname = \"n\"\nrule = \"prots\"\nexpect = \"ok\"\n").diagnostics.has_errors());
    CHECK(run("").diagnostics.has_errors());
    CHECK(run("[[case]\n").diagnostics.has_errors());
}

TEST_CASE("a result knows its place") {
    const rules::CaseRun result = run("\n\n" + case_of(busy + "expect = \"ok\""));
    CHECK(result.results.at(0).position.line == 3);
    CHECK(result.results.at(0).position.file == "cases.toml");
    CHECK(result.results.at(0).rule == "ports");
}
