// What may be collected beyond the base pass, because it costs another walk of the kernel's socket table, or
// one over all processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace snapshot {

struct Request {
    std::size_t place = 0; // index of the namespace in the host
    bool explicit_binds = false;
    bool bound_sockets = false;
    bool boot_sysctls = false; // sysctl.d: what a boot sets in the initial namespace
    /// Who holds the CLOSE_WAIT sockets of at least this age; the holders of others are noted in passing.
    std::optional<std::uint32_t> owners_of_age_ms = std::nullopt;
};

} // namespace snapshot
