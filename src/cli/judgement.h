// One host judged by rules, with what earlier runs know: what check, report, audit and watch have in common.
#pragma once

#include "cli/options.h"
#include "facts/picture.h"
#include "findings/report.h"
#include "model/derive.h"
#include "rules/load.h"
#include "snapshot/host.h"

#include <optional>

namespace cli {

/// What remedies would change costs another look at the facts for each sysctl.
enum class Effects { left_out, worked_out };

struct Judgement {
    findings::Report report;
    std::optional<facts::Picture> picture; // of `report`, and for the format that needs it
};

/// Ages that earlier runs prove go into `host`; `check` leaves this run for later ones.
Judgement judge_host(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed,
                     snapshot::Host& host, Effects effects);

} // namespace cli
