// What the files of sysctl.d say: the assignments that win at the next boot, with the lines that make them,
// and what in the files does not do what its author meant.
#pragma once

#include "base/gap.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace snapshot {

struct BootValue {
    std::string value;
    std::string origin;    // "/etc/sysctl.d/60-ports.conf:3"
    bool may_fail = false; // "-key = value": whoever wrote it does not mind if the kernel has no such sysctl
};

/// By the dotted name of the sysctl.
using BootValues = std::map<std::string, BootValue, std::less<>>;

struct BootSysctls {
    BootValues values;                // what the boot sets, of the sysctls that the program knows
    BootValues by_hand;               // what `sysctl --system` sets, where that is another value
    BootValues outvoted;              // the last line below /etc that gives another value, to no avail
    BootValues dead;                  // of TCP, unknown to the program and to this kernel
    std::uint64_t no_assignments = 0; // lines that are neither an assignment nor a comment
    std::string first_no_assignment;  // FILE:LINE
    std::optional<base::Gap> unread;  // the first file that could not be read: then no value is certain
};

} // namespace snapshot
