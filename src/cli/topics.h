// The texts of `tcpadvisor explain` beyond the rules: the files in topics/, compiled in.
#pragma once

#include "base/embedded.h"

namespace cli {

/// TCP states and general topics; the name is the topic and ".txt".
std::span<const base::Embedded> topics();
/// Advice that does not work; the name is "myth-" and what it is about, and ".txt".
std::span<const base::Embedded> myth_topics();
/// Sysctls, by their dotted name and ".txt".
std::span<const base::Embedded> sysctl_topics();

} // namespace cli
