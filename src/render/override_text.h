// What a report says of the overrides of the settings: one line each, for the formats that people read.
#pragma once

#include "findings/report.h"

#include <string>
#include <vector>

namespace render {

/// "[IGNORED] RULE: remote 10.0.0.0/8 ignored until 2027-01-31: batch hosts (tcpadvisor.toml:7), hides
/// CRITICAL of remote 10.1.2.3:443 and 2 more". Not yet safe for any reader.
std::vector<std::string> override_lines(const findings::Report& report);

} // namespace render
