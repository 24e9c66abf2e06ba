// The drop-in of an audit: planned on the snapshot, and read back as a boot would read it.
#pragma once

#include "base/result.h"
#include "findings/report.h"
#include "rules/effect.h"
#include "rules/rule.h"
#include "snapshot/host.h"

#include <string>

namespace cli {

/// What would make the findings of `report` go away, each tried by `what_if`.
findings::DropIn drop_in_for(const findings::Report& report, const rules::RuleSet& rules,
                             const rules::WhatIf& what_if, const snapshot::Host& host);

/// An error if `file` does not set at boot what `plan` means.
base::Status read_back(const std::string& file, const findings::DropIn& plan);

} // namespace cli
