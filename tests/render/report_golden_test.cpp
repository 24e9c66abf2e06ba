#include "render/formats.h"
#include "tests/catch.h"
#include "tests/render/golden.h"
#include "tests/render/pictures.h"
#include "tests/render/reports.h"

#include <map>
#include <set>
#include <sstream>
#include <string_view>

namespace {

using Formats = std::set<std::string_view>;

/// Is there a file of another case that holds all of this one and more?
bool is_shown_elsewhere(std::string_view name, std::string_view format) {
    static const std::map<std::string_view, Formats> elsewhere = {
        {"ok", {"text", "html", "json", "prometheus"}},                        // calm, with a picture
        {"warning", {"html", "json", "prometheus"}},                           // overrides
        {"critical", {"text", "html", "json", "prometheus"}},                  // incident, with a picture
        {"broken-critical", {"html", "json", "sysctl"}},                       // broken
        {"hostile", {"text", "html", "json", "prometheus"}},                   // besieged, with a picture
        {"long", {"json", "sysctl"}},                                          // they cut nothing
        {"long-perfdata", {"text", "html", "json", "junit", "tap", "sysctl"}}, // critical
        // Only there does the number of findings matter.
        {"many", {"text", "html", "json", "junit", "tap", "prometheus", "checkmk", "sysctl"}},
    };
    const Formats of_files = {"text", "json", "tap", "sarif"};
    if (name == "files" && !of_files.contains(format)) {
        return true;
    }
    const std::set<std::string_view> sarif_cases = {"files", "broken", "empty", "hostile"};
    if (format == "sarif" && !sarif_cases.contains(name)) {
        return true; // nothing that these do not show
    }
    const auto found = elsewhere.find(name);
    return found != elsewhere.end() && found->second.contains(format);
}

} // namespace

TEST_CASE("reports look as their golden files") {
    for (const test::ReportCase& item : test::report_cases()) {
        for (const render::Format& format : render::formats()) {
            if (is_shown_elsewhere(item.name, format.name)) {
                continue;
            }
            std::ostringstream out;
            format.render(item.report, nullptr, render::Style{}, out);
            test::check_golden(item.name, std::string(format.name), findings::exit_code(item.report),
                               out.str());
        }
    }
}

TEST_CASE("verbosity shows more, and less") {
    for (const char* name : {"nagios", "text"}) {
        for (const int verbosity : {-1, 2}) {
            std::ostringstream out;
            render::Style style;
            style.verbosity = verbosity;
            render::find_format(name)->render(test::report_cases()[4].report, nullptr, style, out);
            test::check_golden(verbosity < 0 ? "unknown-quiet" : "unknown-verbose", name, 3, out.str());
        }
    }
}

TEST_CASE("what overrides hide is said from -v on") {
    for (const char* name : {"nagios", "text"}) {
        std::ostringstream out;
        render::Style style;
        style.verbosity = 1;
        render::find_format(name)->render(test::overrides_report(), nullptr, style, out);
        test::check_golden("overrides-verbose", name, 1, out.str());
    }
}

TEST_CASE("a run that fails only when it is critical says so to machines too") {
    for (const char* name : {"json", "junit", "tap"}) {
        std::ostringstream out;
        findings::Report report = test::report_cases()[2].report;
        CHECK(findings::exit_code(report) == 1);
        report.fail_on = findings::State::critical;
        CHECK(findings::exit_code(report) == 0);
        render::find_format(name)->render(report, nullptr, render::Style{}, out);
        if (name == std::string_view("json")) {
            CHECK(out.str().find("\"exit_code\": 0,") != std::string::npos);
        } else {
            test::check_golden("lenient", name, 0, out.str()); // where the warning counts as passed
        }
        report.broken_files = {"my.toml:1:1: broken"};
        CHECK(findings::exit_code(report) == 3);
        report.fail_on.reset();
        report.broken_files.clear();
        report.findings.front().state = findings::State::critical;
        CHECK(findings::exit_code(report) == 0);
    }
}

TEST_CASE("drop-ins for sysctl.d, as a boot reads them") {
    std::ostringstream out;
    render::find_format("sysctl")->render(test::drop_in_report(), nullptr, render::Style{}, out);
    test::check_golden("drop-in", "sysctl", 2, out.str());
    out.str("");
    findings::Report hostile = test::drop_in_report();
    findings::DropInLine& line = hostile.drop_in->lines.front();
    hostile.host = line.text = line.effect = line.risk = test::hostile_text();
    line.reasons = line.notes = hostile.drop_in->left_out =
        hostile.drop_in->remaining = {test::hostile_text()};
    line.setting.now.reset();
    render::find_format("sysctl")->render(hostile, nullptr, render::Style{}, out);
    test::check_golden("drop-in-hostile", "sysctl", 2, out.str());
}

TEST_CASE("the picture of the host stands below the findings") {
    struct Case {
        const char* name;
        findings::Report report;
        facts::Picture picture;
    };
    findings::Report incident = test::report_cases()[3].report;
    incident.rules[0].numbers = "remote 192.0.2.7:443: used_percent = 95.3 % (warning 70, critical 90)";
    for (const Case& item : {Case{"incident", incident, test::busy_picture()},
                             Case{"calm", test::ok_report(), test::idle_picture()},
                             Case{"besieged", test::report_cases()[7].report, test::hostile_picture()}}) {
        for (const char* format : {"text", "html", "json", "prometheus"}) {
            std::ostringstream out;
            render::find_format(format)->render(item.report, &item.picture, render::Style{}, out);
            test::check_golden(item.name, format, findings::exit_code(item.report), out.str());
        }
    }
    std::ostringstream out;
    render::Style style;
    style.verbosity = 1;
    style.unicode = false;
    style.width = 120;
    const facts::Picture picture = test::busy_picture();
    render::find_format("text")->render(incident, &picture, style, out);
    test::check_golden("incident-verbose", "text", 2, out.str());
}

TEST_CASE("a failed run looks as its golden files, in the format that was asked for") {
    const std::string diagnostic = "my.toml:3:1: error: a table without an end\n  3 | [rule.x\n    | ^\n";
    for (const render::Format& format : render::formats()) {
        if (format.error_place == render::ErrorPlace::message) {
            continue; // no text of this format
        }
        std::ostringstream out;
        format.error({"unknown rule 'nosuch'", {diagnostic, "see tcpadvisor --help"}}, out);
        test::check_golden("failed", std::string(format.name), 3, out.str());
        out.str("");
        format.error({test::hostile_text(), {test::hostile_text()}}, out);
        test::check_golden("failed-hostile", std::string(format.name), 3, out.str());
    }
}

TEST_CASE("a format that does not exist is not found") {
    CHECK(render::find_format("xml") == nullptr);
    CHECK(render::find_format("") == nullptr);
}
