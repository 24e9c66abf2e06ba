// /proc/sys: the running values of the sysctls that the program knows, as the kernel prints them.
#pragma once

#include "kernel/machine.h"
#include "snapshot/sysctls.h"

namespace kernel {

/// Every one of snapshot::known_sysctls(). A sysctl that this kernel or namespace does not have is absent.
snapshot::Sysctls read_sysctls(Machine& machine);

} // namespace kernel
