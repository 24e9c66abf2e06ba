// The part of the port arithmetic that guesses: which ports bind() is likely to have chosen, so that they are
// lost to every connect() (docs/kernel-model.md, 3.3), and which it may have chosen at the worst. Knows
// nothing of destinations that ask.
#pragma once

#include "model/tally.h"
#include "snapshot/census.h"

namespace model {

/// Sets of ports that records hold and that nobody knows to be blocked.
struct Suspicion {
    snapshot::PortSet likely;
    snapshot::PortSet possible; // more than these are not to be expected; contains `likely`
};

/// `held` by any record, and what each source holds; `reuse_delay` in units of SocketRecord::detail.
Suspicion suspicion(const snapshot::Census& census, const EphemeralPorts& ports,
                    const snapshot::PortSet& held, const std::vector<SourceTally>& sources,
                    std::uint16_t reuse_delay);

} // namespace model
