// What may be collected beyond the base pass, because it costs another walk of the kernel's socket table.
#pragma once

#include <cstddef>

namespace snapshot {

struct Request {
    std::size_t place = 0; // index of the namespace in the host
    bool explicit_binds = false;
    bool bound_sockets = false;
    bool boot_sysctls = false; // sysctl.d: what a boot sets in the initial namespace
};

} // namespace snapshot
