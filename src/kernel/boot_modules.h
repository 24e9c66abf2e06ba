// Sysctls that belong to a kernel module: a boot sets them only if the module is there before the files of
// sysctl.d are applied. Knows which module brings which sysctl and what loads modules early; reads files, and
// judges nothing.
#pragma once

#include "kernel/machine.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// The module that brings this sysctl, by its dotted name; empty if the kernel itself does, or it is not
/// known.
std::string_view module_of(std::string_view sysctl);

/// Is this a part of /proc/sys that comes and goes with modules or devices, so that a name that is missing
/// there may be right?
bool comes_with_modules(std::string_view sysctl);

/// The modules that a boot loads before the files of sysctl.d are applied.
class EarlyModules {
  public:
    /// Reads modules-load.d.
    explicit EarlyModules(Machine& machine);

    /// Is this module, or one that needs it, listed or built into the kernel? None if that cannot be told.
    /// `works`: its sysctls are there now.
    std::optional<bool> has(std::string_view module, bool works) const;

  private:
    Machine& machine_;
    std::vector<std::string> listed_; // with '_' for '-'
    bool is_complete_ = true;
};

} // namespace kernel
