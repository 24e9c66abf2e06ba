// What the next boot will set: the assignments of sysctl.d that win, with the line that makes them.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace snapshot {

struct BootValue {
    std::string value;
    std::string origin; // "/etc/sysctl.d/60-ports.conf:3"
};

/// By the dotted name of the sysctl; only those that the program knows.
using BootSysctls = std::map<std::string, BootValue, std::less<>>;

} // namespace snapshot
