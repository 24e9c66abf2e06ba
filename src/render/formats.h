// From a report, or from an answer about states or ports, to text for one reader. Renderers are pure: they
// write to the stream they get, escape for their own reader, and choose neither state nor exit code.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace render {

struct Style {
    bool color = false;
    bool unicode = true;
    int width = 80;    // columns
    int verbosity = 0; // -q is -1, -v 1, -vv 2
};

/// What every answer says of the run it comes from.
struct Origin {
    std::string host;
    std::string kernel;
    double time = 0; // seconds since the epoch
    std::vector<std::string> assumed =
        {}; // "net.ipv4.tcp_tw_reuse=1": sysctls that are not those of the host
};

/// The picture of the host is null where nobody wants one: audit, and most formats of check.
using ReportRenderer = void (*)(const findings::Report&, const facts::Picture*, const Style&, std::ostream&);

struct Format {
    std::string_view name;
    std::string_view sentence;
    ReportRenderer render;
};

/// The formats of a report: the one list.
std::span<const Format> formats();
const Format* find_format(std::string_view name);

void states_text(const Origin&, const std::vector<facts::NamespaceStates>&, const Style&, std::ostream&);
void states_json(const Origin&, const std::vector<facts::NamespaceStates>&, std::ostream&);

/// `one` says that a single destination was asked for: an equation instead of a table.
enum class PortsView { table, one };
void ports_text(const Origin&, const std::vector<facts::NamespacePorts>&, PortsView, const Style&,
                std::ostream&);
void ports_json(const Origin&, const std::vector<facts::NamespacePorts>&, std::ostream&);

/// {"schema":1,"error":{"message":...,"diagnostics":[...]}} with a newline.
void error_json(std::string_view message, const std::vector<std::string>& details, std::ostream&);

/// That message as a local check of Checkmk: one line.
void error_checkmk(std::string_view message, std::ostream&);

/// The one line that a monitoring system gets when the check itself failed: "TCP UNKNOWN: message".
void error_nagios(std::string_view message, const std::vector<std::string>& details, std::ostream&);

// The renderers of a report, one a file; the list that names them is in formats.cpp.

/// What Nagios, Icinga and NRPE expect of a plugin: at most 8 KB, line 1 at most 1 KB, all performance data
/// on it.
void report_nagios(const findings::Report& report, const facts::Picture* picture, const Style& style,
                   std::ostream& out);

/// For programs: every key always, null for what is not known.
void report_json(const findings::Report& report, const facts::Picture* picture, const Style& style,
                 std::ostream& out);

/// JUnit XML for Jenkins, GitLab and the like: a test a rule; what Report::fails() is a failure.
void report_junit(const findings::Report& report, const facts::Picture* picture, const Style& style,
                  std::ostream& out);

/// The Test Anything Protocol: the same tests.
void report_tap(const findings::Report& report, const facts::Picture* picture, const Style& style,
                std::ostream& out);

/// A file for /etc/sysctl.d: the drop-in of the report, each line with its reason, effect, risk and undo.
void report_sysctl(const findings::Report& report, const facts::Picture* picture, const Style& style,
                   std::ostream& out);

/// For people: worst first, with the reason and what to do about it.
void report_text(const findings::Report& report, const facts::Picture* picture, const Style& style,
                 std::ostream& out);

/// For a ticket: one page that needs no network, no script and no other file.
void report_html(const findings::Report& report, const facts::Picture* picture, const Style& style,
                 std::ostream& out);

/// For the textfile collector of Prometheus' node exporter: numbers of the report and of the picture. What is
/// not known has no line.
void report_prometheus(const findings::Report& report, const facts::Picture* picture, const Style& style,
                       std::ostream& out);

/// Local checks of Checkmk, a line each: the numbers, then a service for each topic of the rules.
void report_checkmk(const findings::Report& report, const facts::Picture* picture, const Style& style,
                    std::ostream& out);

} // namespace render
