// From a finding of an audit to the lines of the files that it is about, and what should stand there instead.
#pragma once

#include "findings/report.h"
#include "replay/corrections.h"
#include "snapshot/host.h"

#include <span>
#include <string_view>
#include <utility>

namespace cli {

/// The sysctls behind facts that rules judge without naming a sysctl: fact, sysctl.
std::span<const std::pair<std::string_view, std::string_view>> sysctls_of_facts();

/// Findings that no file has to do with stay as they are.
void add_file_lines(findings::Report& report, const snapshot::Host& host, const replay::FileTexts& texts);

} // namespace cli
