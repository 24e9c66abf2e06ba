// A file for /etc/sysctl.d that makes findings go away: plain data, planned by rules/ and shown by render/.
#pragma once

#include "findings/finding.h"

#include <string>
#include <vector>

namespace findings {

struct DropInLine {
    Setting setting;
    std::vector<std::string> reasons; // "[WARNING] RULE: summary" of each finding that asks for it
    std::string text;                 // of the remedy
    std::string effect;
    std::string risk;
    std::vector<std::string> notes; // who else wanted what, what was not checked, what will win over it
};

struct DropIn {
    std::vector<DropInLine> lines;
    std::vector<std::string> left_out;  // a remedy that is not written, and why
    std::vector<std::string> remaining; // "[INFO] RULE: summary" of what is found even under these values
    std::size_t settled = 0;            // findings that are gone under them
};

/// Where the file is meant to go; what is read after it wins over it.
inline constexpr std::string_view drop_in_path = "/etc/sysctl.d/60-tcpadvisor.conf";

} // namespace findings
