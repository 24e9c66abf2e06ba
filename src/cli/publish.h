// The end of a judging run: the report in every form that was asked for, and the exit code.
#pragma once

#include "cli/options.h"
#include "findings/report.h"

#include <string>

namespace cli {

/// The format of the answer: that of --format, else the first one of the command.
std::string format_of(const Options& options);

/// Is one of the outputs a drop-in for sysctl.d?
bool wants_drop_in(const Options& options);

/// Everything is made before anything is written, and the files of --report are written before the answer:
/// who reads that can rely on them. The first that cannot be written ends the run with 3.
int publish(const Options& options, const findings::Report& report);

} // namespace cli
