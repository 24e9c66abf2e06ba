// One function a command: each a visible pipeline from the options to the exit code.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "findings/report.h"
#include "rules/effect.h"
#include "rules/rule.h"
#include "snapshot/host.h"

#include <string>

namespace cli {

/// report, check and audit: collect, derive, evaluate, render. Returns the verdict's exit code, 3 on error.
int judge(const Options& options);

/// The others return 0, or 3 on error.
int ports(const Options& options);
int port(const Options& options);
int states(const Options& options);
int explain(const Options& options);
int rules_command(const Options& options);
int record(const Options& options);
int watch(const Options& options);

// The drop-in of an audit: planned on the snapshot, and read back as a boot would read it.

/// What would make the findings of `report` go away, each tried by `what_if` as long as there is time.
findings::DropIn drop_in_for(const findings::Report& report, const rules::RuleSet& rules,
                             const rules::WhatIf& what_if, const rules::Stop& stop,
                             const snapshot::Host& host);

/// An error if `file` does not set at boot what `plan` means.
base::Status read_back(const std::string& file, const findings::DropIn& plan);

} // namespace cli
