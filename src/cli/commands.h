// One function a command: each a visible pipeline from the options to the exit code.
#pragma once

#include "cli/options.h"

namespace cli {

/// report, check and audit: collect, derive, evaluate, render. Returns the verdict's exit code, 3 on error.
int judge(const Options& options);

/// The others return 0, or 3 on error.
int ports(const Options& options);
int states(const Options& options);
int explain(const Options& options);
int rules_command(const Options& options);
int record(const Options& options);
int watch(const Options& options);

} // namespace cli
