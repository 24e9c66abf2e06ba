// The details of one destination that somebody asks about: which programs hold its ports, and what has
// blocked the others for everyone.
#pragma once

#include "facts/ports.h"
#include "model/tally.h"
#include "snapshot/host.h"

#include <vector>

namespace model {

/// By number of ports. TIME_WAIT has no owner: its ports are put down to whoever holds most of the live
/// sockets, as an inference. Empty if nobody looked at the remote end.
std::vector<facts::PortHolder> port_holders(const snapshot::Peer* peer, const snapshot::Flow& flow,
                                            const PortSpace& space, std::uint32_t time_wait_ports);

/// Each port once, for the first reason of the list; ports that the flow itself holds do not count. The sum
/// is facts::Destination::blocked.
facts::BlockedBy blocked_by(const snapshot::Census& census, const snapshot::Flow& flow,
                            const PortSpace& space, const Occupation& occupation);

} // namespace model
