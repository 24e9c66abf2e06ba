// Whose sockets these are, for a snapshot: which ones are worth asking a machine about, and where its answer
// goes. Does not look at processes itself.
#pragma once

#include "kernel/machine.h"
#include "snapshot/host.h"

#include <cstdint>

namespace kernel {

/// Fills `netns.owners`: control groups of all CLOSE_WAIT sockets, holders of those of at least this age and
/// of others that are met on the way. For sockets that nobody accepted yet the holder of the listener is
/// looked for. What was not seen becomes a gap of the namespace.
void collect_owners(Machine& machine, std::uint32_t age_ms, snapshot::Netns& netns);

/// Fills `peer.owners`; what was not seen becomes a gap of the namespace.
void collect_owners(Machine& machine, snapshot::Peer& peer, snapshot::Netns& netns);

/// Fills `port.owners`, the same way.
void collect_owners(Machine& machine, snapshot::LocalPort& port, snapshot::Netns& netns);

/// Fills `netns.queue_owners`, of the listeners whose accept queue is not empty.
void collect_queue_owners(Machine& machine, snapshot::Netns& netns);

} // namespace kernel
