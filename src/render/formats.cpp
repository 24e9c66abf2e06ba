#include "render/formats.h"

#include <algorithm>
#include <array>

namespace render {

std::span<const Format> formats() {
    static constexpr std::array<Format, 10> list = {{
        {.name = "nagios",
         .sentence = "one line, performance data and a line a finding, for Nagios, Icinga and NRPE",
         .render = report_nagios,
         .error = error_nagios,
         .shows = {.advice = false}},
        {.name = "text",
         .sentence = "a report for people",
         .render = report_text,
         .error = error_text,
         .error_place = ErrorPlace::message_of_people,
         .states = states_text,
         .ports = ports_text,
         .port = port_text},
        {.name = "html",
         .sentence = "the same as one page, for a ticket",
         .render = report_html,
         .error = error_html,
         .shows = {.live_numbers = true}},
        {.name = "json",
         .sentence = "everything, for programs",
         .render = report_json,
         .error = error_json,
         .states = states_json,
         .ports = ports_json,
         .port = port_json},
        {.name = "junit",
         .sentence = "JUnit XML, for Jenkins and GitLab: a test a rule",
         .render = report_junit,
         .error = error_junit},
        {.name = "tap",
         .sentence = "the Test Anything Protocol: a test a rule",
         .render = report_tap,
         .error = error_tap},
        {.name = "sarif",
         .sentence = "SARIF 2.1.0, for GitHub, GitLab and editors: a result a line of a file",
         .render = report_sarif,
         .error = error_sarif},
        {.name = "prometheus",
         .sentence = "metrics, for the textfile collector of Prometheus",
         .render = report_prometheus,
         .error = error_text, // no metric: the file of the last run stays, and grows old
         .error_place = ErrorPlace::message,
         .shows = {.picture = true, .advice = false}},
        {.name = "checkmk",
         .sentence = "local checks of Checkmk: a line a topic of the rules",
         .render = report_checkmk,
         .error = error_checkmk,
         .shows = {.advice = false}},
        {.name = "sysctl",
         .sentence = "a commented file for /etc/sysctl.d with what this host needs",
         .render = report_sysctl,
         .error = error_text,
         .error_place = ErrorPlace::message,
         .shows = {.drop_in = true}},
    }};
    return list;
}

const Format* find_format(std::string_view name) {
    const auto list = formats();
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const Format& format) { return format.name == name; });
    return found == list.end() ? nullptr : &*found;
}

} // namespace render
