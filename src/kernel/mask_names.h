// Control group paths and sysctl.d with the names taken out that somebody chose, and with everything left by
// which a unit, a container or an assignment is recognised. Opens nothing.
#pragma once

#include "kernel/pseudonyms.h"

#include <string>
#include <string_view>

namespace kernel {

/// "/system.slice/acme-billing.service" -> "/system.slice/name-1.service".
std::string masked_cgroup(std::string_view path, Pseudonyms& names);

/// The lines of a file of sysctl.d that assign a known sysctl, as they are; of the others only that there was
/// a line.
std::string masked_sysctl_file(std::string_view text);

} // namespace kernel
