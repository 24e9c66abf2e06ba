#include "render/formats.h"

#include <algorithm>
#include <array>

namespace render {

std::span<const Format> formats() {
    static constexpr std::array<Format, 9> list = {{
        {"nagios", "one line, performance data and a line a finding, for Nagios, Icinga and NRPE",
         report_nagios},
        {"text", "a report for people", report_text},
        {"html", "the same as one page, for a ticket", report_html},
        {"json", "everything, for programs", report_json},
        {"junit", "JUnit XML, for Jenkins and GitLab: a test a rule", report_junit},
        {"tap", "the Test Anything Protocol: a test a rule", report_tap},
        {"prometheus", "metrics, for the textfile collector of Prometheus", report_prometheus},
        {"checkmk", "local checks of Checkmk: a line a topic of the rules", report_checkmk},
        {"sysctl", "a commented file for /etc/sysctl.d with what this host needs", report_sysctl},
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
