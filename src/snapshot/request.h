// What may be collected beyond the base pass, because it costs another walk of the kernel's socket table, or
// one over all processes.
#pragma once

#include "snapshot/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace snapshot {

struct Request {
    std::size_t place = 0; // index of the namespace in the host
    bool explicit_binds = false;
    bool bound_sockets = false;
    bool early_binds = false; // which connections may have been bound early; tells nothing before Linux 6.18
    std::vector<EndPoint> peers = {}; // whose live sockets to look at one by one
    bool peer_owners = false;         // and who holds those
    bool queue_owners = false;        // who holds the listeners whose accept queue is not empty
    bool boot_sysctls = false;        // sysctl.d: what a boot sets in the initial namespace
    /// Who holds the CLOSE_WAIT sockets of at least this age; the holders of others are noted in passing.
    std::optional<std::uint32_t> owners_of_age_ms = std::nullopt;
};

} // namespace snapshot
