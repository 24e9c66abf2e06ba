// Programs depend on the keys of design section "JSON": every key is always there, null when its value is
// unknown.
#include "render/formats.h"
#include "tests/catch.h"
#include "tests/render/answers.h"
#include "tests/render/golden.h"
#include "tests/render/pictures.h"
#include "tests/render/reports.h"

#include <sstream>

#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> keys(const Json& json) {
    std::vector<std::string> names;
    for (const auto& [key, value] : json.items()) {
        names.push_back(key);
    }
    return names;
}

using Keys = std::vector<std::string>;

Json report(const findings::Report& report) {
    std::ostringstream out;
    render::find_format("json")->render(report, nullptr, render::Style{}, out);
    return Json::parse(out.str());
}

std::string states_text(const std::vector<facts::NetnsStates>& namespaces) {
    std::ostringstream out;
    render::states_json(test::origin(), namespaces, render::Style{}, out);
    return out.str();
}

std::string ports_text(const std::vector<facts::NetnsPorts>& namespaces) {
    std::ostringstream out;
    render::ports_json(test::origin(), namespaces, render::PortsView::table, render::Style{}, out);
    return out.str();
}

} // namespace

TEST_CASE("a report as JSON has every key, whatever it holds") {
    for (const test::ReportCase& item : test::report_cases()) {
        INFO(item.name);
        const Json json = report(item.report);
        CHECK(keys(json) == Keys{"schema", "version", "state", "exit_code", "host", "namespaces", "findings",
                                 "rules", "perfdata", "picture", "assumed", "notes", "gaps"});
        CHECK(json["schema"] == 1);
        CHECK(json["exit_code"] == findings::exit_code(item.report.worst()));
        CHECK(keys(json["host"]) == Keys{"name", "kernel", "time"});
        for (const Json& finding : json["findings"]) {
            CHECK(keys(finding) == Keys{"rule", "state", "namespace", "subject", "summary", "impact",
                                        "explained_by", "value", "unit", "warning", "critical", "confidence",
                                        "since", "evidence", "why", "remedies", "myths", "lines"});
            for (const Json& remedy : finding["remedies"]) {
                CHECK(keys(remedy) ==
                      Keys{"text", "command", "undo", "outside", "on_node", "risk", "effect"});
            }
        }
        for (const Json& rule : json["rules"]) {
            CHECK(keys(rule) == Keys{"id", "state", "reason", "waiting", "numbers", "overrides"});
            for (const Json& note : rule["overrides"]) {
                CHECK(keys(note) == Keys{"kind", "subject", "effect", "reason", "expires", "origin", "hidden",
                                         "example", "subjects"});
            }
        }
        for (const Json& datum : json["perfdata"]) {
            CHECK(keys(datum) == Keys{"label", "value", "unit", "warning", "critical", "min", "max"});
        }
    }
}

TEST_CASE("values in a report are numbers, texts or null") {
    const Json json = report(test::report_cases()[3].report);
    const Json& ports = json["findings"][0];
    CHECK(ports["value"] == 95.3);
    CHECK(ports["confidence"] == "inferred");
    CHECK(ports["since"].is_null());
    CHECK(ports["subject"]["remote"] == "192.0.2.7:443");
    CHECK(ports["evidence"]["free"]["value"].is_number_integer());
    CHECK(ports["evidence"]["reuse_applies"]["value"] == false);
    CHECK(ports["evidence"]["exhausted_in"]["value"].is_null());
    CHECK(ports["evidence"]["exhausted_in"]["confidence"].is_null());
    CHECK(json["findings"][1]["since"] == "2026-03-01T01:45:05Z");
    CHECK(json["host"]["time"] == "2026-03-01T02:00:05Z");
    CHECK(json["rules"][3]["state"] == "SKIPPED");
    CHECK(json["perfdata"][12]["value"].is_null());
}

TEST_CASE("the picture of the host: every namespace, null where nobody asked for it") {
    CHECK(report(test::ok_report())["picture"].is_null());
    std::ostringstream out;
    const facts::Picture picture = test::busy_picture();
    render::find_format("json")->render(test::ok_report(), &picture, render::Style{}, out);
    const Json namespaces = Json::parse(out.str())["picture"];
    REQUIRE(namespaces.size() == 2);
    CHECK(keys(namespaces[0]) == Keys{"namespace", "id", "states", "families", "sockstat", "destinations",
                                      "time_wait_ages", "close_wait", "accept_queues", "listeners"});
    CHECK(namespaces[0]["states"]["TIME_WAIT"] == 28114);
    CHECK(namespaces[0]["destinations"][0]["used_percent"] == 95.3);
    CHECK(namespaces[0]["time_wait_ages"][1]["from_seconds"] == 5);
    CHECK(namespaces[0]["time_wait_ages"][1]["sockets"] == 20);
    CHECK(namespaces[0]["close_wait"][0]["at_least"][4]["sockets"] == 7);
    CHECK(namespaces[0]["close_wait"][1]["at_least"][4]["sockets"].is_null());
    CHECK(namespaces[0]["accept_queues"][1]["backlog"].is_null());
    CHECK(namespaces[1]["states"]["TIME_WAIT"].is_null());
    CHECK(namespaces[1]["destinations"].empty());
}

TEST_CASE("a broken file is a gap") {
    const Json json = report(test::report_cases()[5].report);
    CHECK(json["state"] == "UNKNOWN");
    CHECK(json["gaps"].size() == 2);
    CHECK(json["gaps"][0]["why"] == "failed");
}

TEST_CASE("states as JSON: sums on top, each namespace below") {
    const std::string one = states_text({test::busy_states()});
    test::check_golden("states", "json", 0, one);
    const Json json = Json::parse(one);
    CHECK(json["states"]["TIME_WAIT"] == 28114);
    CHECK(json["families"]["ipv6"]["TIME_WAIT"] == 4);
    CHECK(json["states"]["BOUND"].is_null());
    CHECK(json["gaps"].size() == 1);
    CHECK(json["sockstat"]["orphan"] == 5);

    const Json two = Json::parse(states_text({test::busy_states(), test::busy_states()}));
    CHECK(two["states"]["TIME_WAIT"] == 2 * 28114);
    CHECK(two["sockstat"]["in_use"] == 2 * 1279);
    CHECK(two["sockstat"]["allocated"] == 1502);
    CHECK(two["namespaces"][1]["states"]["TIME_WAIT"] == 28114);
}

TEST_CASE("a namespace that could not be read makes the sum unknown") {
    const std::string text = states_text({test::busy_states(), test::unknown_states()});
    test::check_golden("states-unknown", "json", 0, text);
    const Json json = Json::parse(text);
    CHECK(json["states"]["TIME_WAIT"].is_null());
    CHECK(json["sockstat"]["in_use"].is_null());
    CHECK(json["namespaces"][0]["states"]["TIME_WAIT"] == 28114);
    CHECK(json["namespaces"][1]["states"]["TIME_WAIT"].is_null());
    CHECK(json["gaps"][1]["what"] == "the socket table");
}

TEST_CASE("a count that is missing without a reason still gets a gap") {
    facts::NetnsStates netns = test::busy_states();
    netns.gaps.clear();
    const Json json = Json::parse(states_text({netns}));
    CHECK(json["gaps"][0]["what"] == "BOUND");
    CHECK(json["gaps"][0]["why"] == "not collected");
}

TEST_CASE("ports as JSON") {
    facts::NetnsPorts idle = test::busy_ports();
    idle.destinations = {test::idle_destination()};
    const std::string text = ports_text({test::busy_ports(), idle, test::unknown_ports()});
    test::check_golden("ports", "json", 0, text);
    const Json json = Json::parse(text);
    const Json& busy = json["namespaces"][0]["destinations"][0];
    CHECK(keys(busy) == Keys{"local", "remote", "remote_port", "device", "ports", "used_percent", "states",
                             "time_wait_reuse", "rate", "forecast", "blocked_by", "holders", "on_devices",
                             "own_range", "own_binds", "routed", "reachable"});
    CHECK(keys(busy["ports"]) ==
          Keys{"usable", "in_use", "blocked", "free", "free_min", "free_max", "inferred_because"});
    CHECK(keys(busy["time_wait_reuse"]) == Keys{"applies", "reusable", "reason", "confidence"});
    CHECK(keys(busy["rate"]) == Keys{"per_second_5s", "per_second_15s", "per_second_60s"});
    CHECK(keys(busy["forecast"]) == Keys{"load_percent", "peak_percent", "exhausted_in_seconds",
                                         "at_this_rate_seconds", "sustainable_per_second"});
    CHECK(busy["forecast"]["exhausted_in_seconds"].is_null());
    CHECK(json["namespaces"][1]["destinations"][0]["local"].is_null());
    CHECK(json["namespaces"][2]["range"]["low"].is_null());
    CHECK(json["namespaces"][2]["gaps"][0]["what"] == "net.ipv4.ip_local_port_range");
}

TEST_CASE("an error is valid JSON") {
    std::ostringstream out;
    render::error_json({test::hostile_text(), {"a:1:2: error: \xff"}}, out);
    const Json json = Json::parse(out.str());
    CHECK(json["schema"] == 1);
    CHECK(json["error"]["diagnostics"].size() == 1);
    CHECK(json["error"]["message"].is_string());
    CHECK(out.str().back() == '\n');
}
