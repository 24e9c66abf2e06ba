// From a finding of an audit to the lines of the files that it is about, and what should stand there instead.
#pragma once

#include "findings/report.h"
#include "snapshot/host.h"

#include <map>
#include <string>
#include <vector>

namespace cli {

/// The lines of each file, by its name; those of other files are named without their text.
using FileTexts = std::map<std::string, std::vector<std::string>>;

/// Findings that no file has to do with stay as they are.
void add_file_lines(findings::Report& report, const snapshot::Host& host, const FileTexts& texts);

} // namespace cli
