// The files of sysctl.d in the order in which a boot applies them. Knows the order and the syntax of
// systemd-sysctl, and that a host without systemd reads /etc/sysctl.conf last.
#pragma once

#include "kernel/machine.h"
#include "snapshot/boot_sysctls.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// The assignments of the files read so far. Later ones win; one with a glob never wins over one without.
class BootAssignments {
  public:
    /// One file; `path` is for the origin.
    void add_file(std::string_view text, const std::string& path);

    snapshot::BootSysctls result() const;

  private:
    void add_line(std::string_view line, const std::string& origin);

    snapshot::BootSysctls exact_;
    snapshot::BootSysctls by_glob_;
    std::set<std::string, std::less<>> not_by_glob_; // "-key" without a value
};

/// What the files say. A file or directory that is there but cannot be read is added to `gaps`.
snapshot::BootSysctls read_boot_sysctls(Machine& machine, std::vector<base::Gap>& gaps);

} // namespace kernel
