// Looks at one local port: every socket on it, and who holds them.
#pragma once

#include "kernel/machine.h"
#include "snapshot/host.h"

#include <cstdint>

namespace kernel {

/// Fills `netns.local_port`; what was not seen becomes a gap of the namespace.
void collect_local_port(Machine& machine, std::uint16_t port, snapshot::Netns& netns);

} // namespace kernel
