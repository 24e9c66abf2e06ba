// Reports for the golden files: one for each thing that a renderer must get right.
#pragma once

#include "findings/report.h"

#include <string>
#include <vector>

namespace test {

struct ReportCase {
    std::string name;
    findings::Report report;
};

std::vector<ReportCase> report_cases();

/// Every label of the frozen list, with usual values.
std::vector<findings::Perfdatum> usual_perfdata();

findings::Report ok_report();
/// A network is ignored although hosts of it are ill, an owner has wider thresholds, and one override is
/// forgotten.
findings::Report overrides_report();
findings::Finding port_finding();
/// With two lines, one of them contested, and a remedy that was left out.
findings::Report drop_in_report();

/// Bytes that a peer, a process or a file name could bring: line ends, '|', escapes, invalid UTF-8, bidi
/// marks.
std::string hostile_text();

} // namespace test
