// The ports that connect() may choose from in one namespace, and those that no connect() can take whatever
// its destination (docs/kernel-model.md, 0 and 1.3). Knows nothing of destinations.
#pragma once

#include "snapshot/host.h"

#include <cstdint>
#include <optional>

namespace model {

struct PortSpace {
    snapshot::PortRange range;
    std::uint32_t parity_low = 0; // low end of the range of now: what connect() counts odd and even from
    std::uint32_t reserved = 0;   // ports of the range
    snapshot::PortSet eligible;   // range less reserved
    std::uint32_t usable = 0;     // ports in `eligible`
    snapshot::PortSet blocked;    // eligible ports that are blocked for sure
    std::uint32_t blocked_count = 0;
    /// Ports of connections from an address that routing does not choose and that may have been bound early:
    /// only bind() can have chosen that address.
    snapshot::PortSet probably_bound;
    bool explicit_known = false;
    bool bound_known = false;
    /// Upper limit of bound sockets that may exist without being listed; none: no limit is known.
    std::optional<std::uint32_t> hidden_bound;
};

snapshot::PortSet ports_of(const snapshot::PortRange& range);

/// Missing if the range or the reserved ports could not be read.
snapshot::Reading<PortSpace> port_space(const snapshot::Namespace& space, const snapshot::Sysctls& sysctls);

/// TCP sockets of the host that are in no table of this namespace (bound, not yet bound, of other
/// namespaces): an upper limit of what a dump of bound sockets can find here. From /proc/net/sockstat: alloc
/// less inuse.
snapshot::Reading<std::uint64_t> sockets_outside_tables(const snapshot::Counters& counters);

} // namespace model
