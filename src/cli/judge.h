// One host judged by rules, with what earlier runs know: what check, report, audit and watch have in common.
#pragma once

#include "cli/options.h"
#include "facts/answers.h"
#include "facts/table.h"
#include "findings/report.h"
#include "history/past.h"
#include "model/derive.h"
#include "rules/load.h"
#include "snapshot/host.h"

#include <optional>

namespace cli {

/// The past that a command may use. Only `check` leaves something for later runs, and only if nothing is
/// assumed.
history::Past past_of(const Options& options, const snapshot::Host& host);

/// Leaves this run for the next, if the past is one that is written to. Waits at most `patience` seconds for
/// others that do. False if that failed.
bool keep(history::Past& past, const snapshot::Host& host, const facts::Facts& facts, double patience);

struct Judgement {
    findings::Report report;
    std::optional<facts::Picture> picture; // of `report`, and for the format that needs it
};

/// Ages that earlier runs prove go into `host`; `check` leaves this run for later ones. What remedies would
/// change costs another look at the facts for each sysctl: a verdict goes without. `first_look`: samples of a
/// look that this run took before, as --wait asks.
Judgement judge_host(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed,
                     snapshot::Host& host, rules::Detail detail,
                     std::vector<history::Sample> first_look = {});

} // namespace cli
