// The texts of `tcpadvisor explain` beyond the rules: the files in topics/, compiled in.
#pragma once

#include "base/embedded.h"

namespace cli {

/// TCP states and general topics; the name is the topic and ".txt".
std::span<const base::Embedded> topics();
/// Sysctls, by their dotted name and ".txt".
std::span<const base::Embedded> sysctl_topics();

} // namespace cli
