// The port arithmetic of one destination: in use, blocked, free with its interval, reuse, rates and forecast
// (docs/kernel-model.md, 0, 1 and 3.3). What sock_diag cannot tell becomes the interval; `free` is the best
// estimate in it.
#pragma once

#include "facts/answers.h"
#include "model/tally.h"
#include "model/time_wait.h"
#include "snapshot/flow_table.h"

#include <string>

namespace model {

/// `space` and `occupation` of the flow's namespace, `tally` of the flow itself (empty if nothing is
/// connected), `seen` as in reuse_of().
facts::Destination destination_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                                  const Occupation& occupation, const ReuseSettings& settings,
                                  const snapshot::Timestamps* seen);

/// Only the estimate of used_percent and load_percent: cheap enough for every busy destination.
struct Headline {
    double used_percent = 0;
    double load_percent = 0;
};
Headline headline_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                     const Occupation& occupation, const ReuseSettings& settings,
                     const snapshot::Timestamps* seen);

// What holds the ports of one destination, in a few words for the first line of a finding.

/// "930 held by TIME_WAIT", "50 held by ESTABLISHED, 40 by CLOSE_WAIT", "900 blocked": the one or two that
/// take most ports, each at least a tenth of what is taken. Ports of TIME_WAIT that connect() may reuse count
/// as free.
std::string held_by(const facts::Destination& destination);

} // namespace model
