// What a route means for connect(): does it get as far as looking for a port, and if not, why. And the sign
// of a socket option that gives sockets a range of ports of their own.
#pragma once

#include "facts/answers.h"
#include "model/tally.h"
#include "snapshot/census.h"
#include "snapshot/route.h"

#include <optional>

namespace model {

/// Whether a connection as asked for can be made at all, with one clause that says why not.
facts::Reach reach_of(const snapshot::RouteQuery& asked, const snapshot::Route& route);

/// The band of ports that sockets with IP_LOCAL_PORT_RANGE seem to choose from, if the flow has such: densely
/// held ports, odd and even ones alike, in a narrow part of the range. Without that option connect() takes
/// odd ports only when the even ones are used up, all over the range (docs/kernel-model.md, 1.2).
std::optional<facts::PortBand> own_range(const snapshot::Census& census, const snapshot::Flow& flow,
                                         const EphemeralPorts& ports);

} // namespace model
