// Fills a snapshot through a machine: the cheap base pass, and what is asked for beyond it. Failures become
// gaps.
#pragma once

#include "kernel/place.h"
#include "snapshot/host.h"
#include "snapshot/request.h"

#include <vector>

namespace kernel {

/// The base pass over each place: sysctls, counters, listeners, one dump of all connections, and CLOSE_WAIT
/// with tcp_info if there are any.
snapshot::Host collect(std::vector<Place>& places);

/// What the request asks for, added to its namespace. A failure becomes a gap of that namespace.
void collect(const snapshot::Request& request, std::vector<Place>& places, snapshot::Host& host);

} // namespace kernel
