// The plugin contract, checked on random foreign text: whatever a report says, every consumer must read it
// the same.
#include "base/text.h"
#include "render/formats.h"
#include "render/nagios.h"
#include "tests/catch.h"
#include "tests/render/reports.h"

#include <algorithm>
#include <limits>
#include <random>
#include <sstream>

namespace {

using findings::Report;
using findings::State;

std::string nagios(const Report& report, int verbosity) {
    std::ostringstream out;
    render::Style style;
    style.verbosity = verbosity;
    render::find_format("nagios")->render(report, nullptr, style, out);
    return out.str();
}

std::string random_text(std::mt19937& random) {
    static const std::vector<std::string> pieces = {"|",
                                                    ";",
                                                    "\n",
                                                    "\r\n",
                                                    " ",
                                                    "  ",
                                                    "'",
                                                    "\"",
                                                    "`id`",
                                                    "$(x)",
                                                    "&",
                                                    "<",
                                                    ">",
                                                    "~",
                                                    "\x1b[0m",
                                                    "\xff",
                                                    "\xc3",
                                                    "\xe2\x82",
                                                    "\xe2\x82\xac",
                                                    "\xc3\xa9",
                                                    "word",
                                                    "a=1",
                                                    std::string(1, '\0'),
                                                    "\x7f",
                                                    "\t",
                                                    "\xed\xa0\x80",
                                                    "\xf0\x9f\x98\x80",
                                                    "100%",
                                                    "/path/to",
                                                    ": ",
                                                    "\xe2\x80\xae"};
    const std::size_t length = random() % (random() % 20 == 0 ? 2000 : 30);
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
        text += pieces[random() % pieces.size()];
    }
    return text;
}

State random_state(std::mt19937& random) {
    return static_cast<State>(random() % 5);
}

Report random_report(std::mt19937& random) {
    Report report;
    report.when_ok = random_text(random);
    report.perfdata = test::usual_perfdata();
    for (std::size_t i = random() % 3; i > 0; --i) {
        report.namespaces.push_back(random_text(random));
        report.broken_files.push_back(random_text(random));
    }
    for (std::size_t i = random() % (random() % 10 == 0 ? 200 : 5); i > 0; --i) {
        findings::Finding finding = test::port_finding();
        finding.rule = random_text(random);
        finding.title = random_text(random);
        finding.summary = random_text(random);
        finding.netns = random_text(random);
        finding.state = random_state(random);
        report.findings.push_back(finding);
        report.rules.push_back({random_text(random), std::nullopt, random_text(random), 1});
        report.rules.push_back({random_text(random), random_state(random), random_text(random), 1});
        report.gaps.push_back({random_text(random), base::Why::denied, random_text(random)});
    }
    findings::sort_findings(report);
    return report;
}

/// The characters that Nagios strips from notifications: never in a finding, but in the words about a
/// mistake.
enum class Stripped { never, allowed };

void check_contract(const std::string& output, std::string_view state, Stripped stripped = Stripped::never) {
    INFO(output);
    REQUIRE(output.size() <= 8192);
    REQUIRE(output.back() == '\n');
    CHECK(base::split(output, '\n').back().empty());
    const std::string_view all(output);
    const std::string_view first = all.substr(0, all.find('\n'));
    CHECK(first.size() <= 1000);
    CHECK(first.starts_with("TCP " + std::string(state) + ": "));
    CHECK(std::count(output.begin(), output.end(), '|') == std::count(first.begin(), first.end(), '|'));
    const std::string_view text = first.substr(0, first.find('|'));
    CHECK(base::display_width(text) <= 200);
    CHECK(text.size() > 8);
    CHECK(text.back() != ' ');
    CHECK(text.find(';') == std::string_view::npos);
    for (const std::string_view line : base::split(all.substr(0, all.size() - 1), '\n')) {
        CHECK(!base::trim(line).empty());
        CHECK(base::printable(line) == line);
        const std::string_view words = line.substr(0, line.find('|'));
        CHECK((stripped == Stripped::allowed || words.find_first_of("`~$&'\"<>") == std::string_view::npos));
    }
}

std::string plugin_word(State state) {
    return std::string(findings::name(state == State::info ? State::ok : state));
}

} // namespace

TEST_CASE("the plugin contract holds for any text", "[exhaustive]") {
    std::mt19937 random(20260301);
    for (int i = 0; i < 400; ++i) {
        const Report report = random_report(random);
        for (int verbosity = -1; verbosity <= 2; ++verbosity) {
            const std::string output = nagios(report, verbosity);
            check_contract(output, plugin_word(report.worst()));
            const std::string perfdata = '|' + render::to_perfdata(report.perfdata) + '\n';
            CHECK(output.find(perfdata) < 1000);
        }
    }
}

TEST_CASE("an error is one UNKNOWN line and its details") {
    std::mt19937 random(7);
    for (int i = 0; i < 200; ++i) {
        std::ostringstream out;
        render::error_nagios({random_text(random), {random_text(random), random_text(random)}}, out);
        check_contract(out.str(), "UNKNOWN", Stripped::allowed);
    }
    std::ostringstream out;
    render::error_nagios({"--warning '20:10': start 20 is greater than end 10"}, out);
    CHECK(out.str() == "TCP UNKNOWN: --warning '20:10': start 20 is greater than end 10\n");
}

TEST_CASE("line 1 keeps performance data and yields words") {
    for (const test::ReportCase& item : test::report_cases()) {
        INFO(item.name);
        check_contract(nagios(item.report, 0), plugin_word(item.report.worst()));
    }
}

TEST_CASE("line 1 leaves room in a packet of NRPE, however long words and performance data are") {
    Report report;
    report.findings.push_back(test::port_finding());
    report.findings.back().summary = std::string(300, 'x');
    while (render::to_perfdata(report.perfdata).size() < 860) {
        report.perfdata.push_back({"one_more_label", 100, "", "", "", {}, {}});
    }
    const std::string output = nagios(report, 0);
    check_contract(output, "CRITICAL");
    CHECK(output.find('\n') > 990);
}

TEST_CASE("performance data in the form that all consumers accept") {
    using findings::Perfdatum;
    using render::to_perfdata;
    CHECK(to_perfdata(Perfdatum{"a", 91, "%", "0:80", ":90", 0, 100}) == "a=91%;80;90;0;100");
    CHECK(to_perfdata(Perfdatum{"a", 91.5, "%", "10:80", "~:90", {}, {}}) == "a=91.5%;10:80;~:90");
    CHECK(to_perfdata(Perfdatum{"a", {}, "c", "", "", 0, {}}) == "a=U;;;0");
    CHECK(to_perfdata(Perfdatum{"a", 0.0, "c", "", "", {}, {}}) == "a=0c");
    CHECK(to_perfdata(Perfdatum{"a", 1e15, "", "", "5", {}, {}}) == "a=1000000000000000;;5");
    CHECK(to_perfdata(Perfdatum{"a", 1.0 / 3, "", "10:", "", {}, {}}) == "a=0.333;10:");
    CHECK(to_perfdata(Perfdatum{"a", std::numeric_limits<double>::quiet_NaN(), "%", "", "", {}, {}}) ==
          "a=U");
    CHECK(to_perfdata({Perfdatum{"a", 1, "", "", "", {}, {}}, Perfdatum{"b", 2, "", "", "", {}, {}}}) ==
          "a=1 b=2");
}
