// The renderers of a report, one a file; the list that names them is in formats.cpp.
#pragma once

#include "render/render.h"

namespace render {

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
