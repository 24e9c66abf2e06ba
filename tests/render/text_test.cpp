// Answers for people: what they look like, that they fit the terminal, and that foreign text cannot reach it.
#include "base/text.h"
#include "render/formats.h"
#include "render/screen.h"
#include "render/table.h"
#include "render/words.h"
#include "tests/catch.h"
#include "tests/render/answers.h"
#include "tests/render/golden.h"
#include "tests/render/pictures.h"
#include "tests/render/reports.h"

#include <algorithm>
#include <limits>
#include <sstream>

namespace {

using render::PortsView;
using render::Style;

std::string report(const findings::Report& report, const Style& style) {
    std::ostringstream out;
    render::find_format("text")->render(report, nullptr, style, out);
    return out.str();
}

std::string report(const findings::Report& report, const facts::Picture& picture, const Style& style) {
    std::ostringstream out;
    render::find_format("text")->render(report, &picture, style, out);
    return out.str();
}

std::string states(const std::vector<facts::NetnsStates>& namespaces, const Style& style = {}) {
    std::ostringstream out;
    render::states_text(test::origin(), namespaces, style, out);
    return out.str();
}

std::string ports(const std::vector<facts::NetnsPorts>& namespaces, PortsView view, const Style& style = {}) {
    std::ostringstream out;
    render::ports_text(test::origin(), namespaces, view, style, out);
    return out.str();
}

facts::NetnsPorts one_destination(const facts::Destination& destination) {
    facts::NetnsPorts netns = test::busy_ports();
    netns.destinations = {destination};
    return netns;
}

/// Wider only where a word is, or a command that must stay whole to be copied.
void check_fits(const std::string& text, std::size_t width) {
    for (const std::string_view line : base::split(text, '\n')) {
        INFO(line);
        const bool one_word = base::words(line).size() <= 1;
        const bool copied = line.find("sysctl ") != std::string_view::npos ||
                            line.find("tcpadvisor explain") != std::string_view::npos;
        CHECK((base::display_width(line) <= width || one_word || copied));
        CHECK(base::printable(line) == line);
        CHECK((line.empty() || line.back() != ' '));
    }
}

Style plain_style(int width) {
    Style style;
    style.width = width;
    style.unicode = false;
    return style;
}

} // namespace

TEST_CASE("text for people fits the terminal and is safe for it") {
    for (const int width : {80, 120}) {
        for (int verbosity = 0; verbosity <= 2; ++verbosity) {
            Style style;
            style.width = width;
            style.verbosity = verbosity;
            const auto columns = static_cast<std::size_t>(width);
            for (const test::ReportCase& item : test::report_cases()) {
                INFO(item.name);
                const std::size_t widest = item.name == "long" ? 700 : columns;
                check_fits(report(item.report, style), widest);
                check_fits(report(item.report, test::busy_picture(), style), widest);
                check_fits(report(item.report, test::hostile_picture(), style), 700);
            }
            check_fits(states({test::busy_states(), test::unknown_states()}, style), columns);
            check_fits(ports({test::busy_ports(), test::unknown_ports()}, PortsView::table, style), columns);
            check_fits(ports({test::busy_ports(), test::unknown_ports()}, PortsView::asked, style), columns);
        }
    }
}

TEST_CASE("destinations fit a narrow terminal, too") {
    constexpr int narrow = 60;
    check_fits(ports({test::busy_ports()}, PortsView::table, plain_style(narrow)), narrow);
}

TEST_CASE("colours repeat what a word says") {
    for (const int verbosity : {0, 1}) {
        Style style;
        style.verbosity = verbosity;
        const std::string plain = report(test::report_cases()[3].report, style);
        style.color = true;
        std::string coloured = report(test::report_cases()[3].report, style);
        CHECK(coloured.find("\x1b[1;31mCRITICAL\x1b[0m") == 0);
        for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b')) {
            coloured.erase(at, coloured.find('m', at) + 1 - at);
        }
        CHECK(coloured == plain);
    }
}

Style verbose_style() {
    Style style;
    style.verbosity = 1;
    return style;
}

TEST_CASE("many findings of one rule are explained once") {
    const std::string text = report(test::report_cases()[9].report, verbose_style());
    CHECK(text.find("192.0.2.99:443") != std::string::npos);
    CHECK(text.find("What to do") == text.rfind("What to do"));
}

TEST_CASE("another effect of the same rule is told") {
    findings::Report two = test::ok_report();
    two.findings = {test::port_finding(), test::port_finding()};
    two.findings[1].remedies[1].effect = "ports used: 91 % to 40 %";
    CHECK(report(two, verbose_style()).find("91 % to 40 %") != std::string::npos);
}

TEST_CASE("the cause is named in the first five lines, with who and what to run next") {
    const std::string text = report(test::report_cases()[3].report, test::busy_picture(), verbose_style());
    const auto lines = base::split(text, '\n');
    REQUIRE(lines.size() > 5);
    CHECK(lines[0].find("192.0.2.7:443: 47 of 1000 ports free") != std::string_view::npos);
    CHECK(text.find("  Who: java.service, java (pid 4711), most at 10.0.0.5:5432") != std::string::npos);
    CHECK(text.find("tcpadvisor ports --to 192.0.2.7:443 --from 192.0.2.1") != std::string::npos);
}

TEST_CASE("the first look fits a terminal, whatever was found") {
    for (const int width : {80, 120}) {
        Style style = plain_style(width);
        style.is_terminal = true;
        for (const test::ReportCase& item : test::report_cases()) {
            INFO(item.name);
            if (item.report.of_files) {
                continue; // all findings, as of a program that checks source files
            }
            for (const std::string& text :
                 {report(item.report, style), report(item.report, test::busy_picture(), style),
                  report(item.report, test::hostile_picture(), style)}) {
                CHECK(std::count(text.begin(), text.end(), '\n') < 24); // the prompt takes the last line
                check_fits(text, 80);
                const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
                CHECK(text.substr(last, 5) == text.substr(0, 5)); // the verdict, once more
            }
        }
    }
}

TEST_CASE("a terminal that is narrower than the labels gets short lines all the same") {
    for (const test::ReportCase& item : test::report_cases()) {
        INFO(item.name);
        if (!item.report.of_files) {
            check_fits(report(item.report, plain_style(20)), 60);
        }
    }
}

TEST_CASE("where there is room a remedy is told whole") {
    findings::Report one = test::ok_report();
    one.findings = {test::port_finding()};
    one.findings[0].remedies = {
        {"Restart it before it reaches its limit of open files: the exit of the process "
         "closes all of them at once",
         "", "", "It interrupts the service", ""}};
    std::string whole = report(one, Style{});
    std::replace(whole.begin(), whole.end(), '\n', ' ');
    CHECK(whole.find("closes all of them") != std::string::npos);
}

TEST_CASE("in a container whose sysctls nobody can set the command of its host stands there") {
    findings::Report one = test::ok_report();
    one.findings = {test::port_finding()};
    findings::Remedy remedy{"Give the range its default size back", "", "", "",
                            "95 % -> 1 %, CRITICAL -> OK"};
    remedy.settings = {{"a.b", "1", "0"}};
    remedy.on_node = "nsenter --net=/proc/$(lsns -nro PID 7 | head -n 1)/ns/net sysctl -w a.b=1";
    remedy.after = findings::State::ok;
    one.findings[0].remedies = {remedy};
    const std::string screen = report(one, Style{});
    CHECK(screen.find("read-only in this container") != std::string::npos);
    CHECK(screen.find("\n  nsenter --net=/proc/$(lsns -nro PID 7 |") != std::string::npos);
    CHECK(report(one, verbose_style()).find("on node  nsenter --net=") != std::string::npos);
}

TEST_CASE("what another finding explains is told with it, and counted once") {
    findings::Report two = test::ok_report();
    two.findings = {test::port_finding(), test::port_finding()};
    two.findings[1].rule = "port-range-narrow";
    two.findings[1].summary = "1000 ephemeral ports";
    two.findings[1].explained_by = 0;
    CHECK(report(two, Style{}).find("\nAlso       1000 ephemeral ports\n") != std::string::npos);
    CHECK(report(two, Style{}).find("Also found") == std::string::npos);
    const std::string whole = report(two, verbose_style());
    CHECK(whole.find("  Also: port-range-narrow (CRITICAL): 1000 ephemeral ports\n") != std::string::npos);
    CHECK(whole.find("\nCRITICAL  port-range-narrow\n") == std::string::npos);
    CHECK(whole.find("2 critical") == std::string::npos);
}

TEST_CASE("rules that lack the same thing are told together") {
    findings::Report report_of_two = test::ok_report();
    findings::RuleOutcome unknown{"a", findings::State::unknown, "denied"};
    unknown.lacks = base::Gap{"tcp_mem", base::Why::denied, "needs root"};
    report_of_two.rules = {unknown, unknown};
    report_of_two.rules[1].id = "b";
    const std::string text = report(report_of_two, Style{});
    CHECK(text.find("2 rules could not be judged: tcp_mem: needs root") != std::string::npos);
}

TEST_CASE("a command is broken where a shell joins it again") {
    using Lines = std::vector<std::string>;
    CHECK(render::command_lines("sysctl -w a=1", 40) == Lines{"sysctl -w a=1"});
    CHECK(render::command_lines("sysctl -w a=\"1 2\" b=3", 16) == Lines{"sysctl -w \\", "a=\"1 2\" b=3"});
    CHECK(render::command_lines("echo 'a quoted text that is long'", 20).empty());
}

TEST_CASE("when all is well the picture is left to -v") {
    CHECK(report(test::ok_report(), test::idle_picture(), Style{}).find("Connections by state") ==
          std::string::npos);
    CHECK(report(test::ok_report(), test::idle_picture(), verbose_style()).find("Connections by state") !=
          std::string::npos);
}

TEST_CASE("a command to copy names no foreign text") {
    findings::Report foreign = test::ok_report();
    foreign.findings = {test::port_finding()};
    foreign.findings[0].subject = {{"source", "192.0.2.1"}, {"remote", "192.0.2.7:443; rm -rf /"}};
    CHECK(report(foreign, Style{}).find("--to") == std::string::npos);
}

TEST_CASE("quiet is one line") {
    Style style;
    style.verbosity = -1;
    for (const test::ReportCase& item : test::report_cases()) {
        const std::string text = report(item.report, style);
        CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    }
}

TEST_CASE("states") {
    test::check_golden("states", "text", 0, states({test::busy_states()}));
    test::check_golden("states-ascii", "text", 0, states({test::busy_states()}, plain_style(80)));
    test::check_golden("states-unknown", "text", 0, states({test::busy_states(), test::unknown_states()}));
    CHECK(states({test::unknown_states()}).find("TIME_WAIT  0") == std::string::npos);
}

TEST_CASE("what is absent by design is not worth a line, what was denied is") {
    facts::NetnsPorts netns = test::busy_ports();
    netns.gaps = {{"tcp_tw_reuse_delay", base::Why::absent, ""}, {"tcp_info", base::Why::denied, ""}};
    const std::string text = ports({netns}, PortsView::table);
    CHECK(text.find("tcp_tw_reuse_delay") == std::string::npos);
    CHECK(text.find("tcp_info: denied") != std::string::npos);
    Style style;
    style.verbosity = 1;
    CHECK(ports({netns}, PortsView::table, style).find("tcp_tw_reuse_delay: absent") != std::string::npos);
}

TEST_CASE("ports: a table") {
    test::check_golden("ports", "text", 0,
                       ports({test::busy_ports(), test::unknown_ports()}, PortsView::table));
    test::check_golden("ports-wide", "text", 0,
                       ports({test::busy_ports()}, PortsView::table, plain_style(160)));
    facts::NetnsPorts same = one_destination(test::busy_destination());
    same.destinations.resize(30, test::busy_destination());
    test::check_golden("ports-many", "text", 0, ports({same}, PortsView::table));
    facts::NetnsPorts none = test::busy_ports();
    none.destinations.clear();
    test::check_golden("ports-none", "text", 0, ports({none}, PortsView::table));
}

TEST_CASE("ports: an equation") {
    test::check_golden("ports-one", "text", 0,
                       ports({one_destination(test::busy_destination())}, PortsView::asked));
    test::check_golden("ports-idle", "text", 0,
                       ports({one_destination(test::idle_destination())}, PortsView::asked));
    facts::Destination full = test::busy_destination();
    full.free = full.free_min = full.free_max = 0;
    full.blocked = 50;
    full.used_percent = 100;
    full.exhausted_in = 0;
    test::check_golden("ports-full", "text", 0,
                       ports({one_destination(full)}, PortsView::asked, plain_style(80)));
}

TEST_CASE("bars") {
    using render::bar;
    using render::Ink;
    CHECK(bar(0, 100, 10, Ink::ascii).empty());
    CHECK(bar(5, 0, 10, Ink::ascii).empty());
    CHECK(bar(std::numeric_limits<double>::quiet_NaN(), 1, 10, Ink::ascii).empty());
    CHECK(bar(50, 100, 10, Ink::ascii) == "#####");
    CHECK(bar(0.001, 100, 10, Ink::ascii) == "#");
    CHECK(bar(300, 100, 4, Ink::ascii) == "####");
    CHECK(bar(100, 100, 2, Ink::unicode) == "\u2588\u2588");
    CHECK(bar(1, 16, 2, Ink::unicode) == "\u258f");
    CHECK(render::gauge(50, 100, 4, Ink::ascii) == "[##  ]");
}

TEST_CASE("tables align by characters") {
    render::TextTable table({{"NAME"}, {"N", render::Align::right}});
    table.add_row({"\u00e9\u00e9\u00e9\u00e9\u00e9", "1"});
    table.add_row({"a", "100"});
    std::ostringstream out;
    table.write(out);
    CHECK(out.str() == "NAME     N\n\u00e9\u00e9\u00e9\u00e9\u00e9    1\na      100\n");
    CHECK(table.width() == 10);
}

TEST_CASE("durations, times and clipping") {
    using render::clip;
    using render::duration;
    using render::rfc3339;
    CHECK(duration(0.4) == "0 s");
    CHECK(duration(42.4) == "42 s");
    CHECK(duration(59.6) == "1 min");
    CHECK(duration(185) == "3 min 5 s");
    CHECK(duration(7800) == "2 h 10 min");
    CHECK(duration(86400 * 3 + 4 * 3600 + 59) == "3 d 4 h");
    CHECK(duration(-1) == "0 s");
    CHECK(duration(std::numeric_limits<double>::infinity()).ends_with(" d"));
    CHECK(rfc3339(1772330405.9) == "2026-03-01T02:00:05Z");
    CHECK(rfc3339(253402300799.0) == "9999-12-31T23:59:59Z");
    CHECK_FALSE(rfc3339(0));
    CHECK_FALSE(rfc3339(253402300800.0));
    CHECK_FALSE(rfc3339(std::numeric_limits<double>::quiet_NaN()));
    CHECK(clip("abcdef", 6) == "abcdef");
    CHECK(clip("abcdefg", 6) == "abc...");
    CHECK(clip("\u20ac\u20ac\u20ac", 9, 8) == "\u20ac...");
    CHECK(clip("abcdef", 2) == "ab");
    CHECK(clip("等待对端", 8) == "等待对端");
    CHECK(clip("等待对端", 7) == "等待..."); // two columns each
    CHECK(clip("等待对端", 6) == "等...");
    CHECK(clip("\u20ac", 1, 2).empty());
}
