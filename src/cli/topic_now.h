// The part of `explain` that looks at this host for a fact, a state or a sysctl: its value of now.
#pragma once

#include "base/result.h"
#include "cli/options.h"

#include <string>

namespace cli {

/// Lines for every fact of this name, "TABLE.NAME" or "NAME"; an error if the host, or the capture, cannot be
/// read.
base::Result<std::string> fact_now(const Options& options, const std::string& name);

/// How many sockets are in a state, by netstat's name; empty if it is none.
base::Result<std::string> state_now(const Options& options, const std::string& name);

/// The value now, the default and what the next boot will set; empty for a sysctl that is not known.
base::Result<std::string> sysctl_now(const Options& options, const std::string& name);

} // namespace cli
