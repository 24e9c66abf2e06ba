// The sysctls as files: the running values below /proc/sys, and the files of sysctl.d in the order in which a
// boot applies them. Knows the order and the syntax of systemd-sysctl, and of sysctl(8), which reads
// /etc/sysctl.conf last.
#pragma once

#include "kernel/machine.h"
#include "snapshot/host.h"
#include "snapshot/sysctls.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// Every one of snapshot::known_sysctls(), as the kernel prints it. A sysctl that this kernel or namespace
/// does not have is absent.
snapshot::Sysctls read_sysctls(Machine& machine);

/// The assignments of the files read so far. Later ones win; one with a glob never wins over one without.
class BootAssignments {
  public:
    /// One file; `path` is for the origin.
    void add_file(std::string_view text, const std::string& path);

    /// Settings that the program does not know count as dead: the caller knows which the kernel has.
    snapshot::BootSysctls result() const;

    /// Lines with a glob were left out because there are too many, or they are too long.
    bool left_globs_out() const { return left_globs_out_; }
    /// The same of settings that the program does not know.
    bool left_names_out() const { return left_names_out_; }

  private:
    void add_line(std::string_view line, const std::string& origin);
    void add_exact(const std::string& name, const snapshot::BootValue& value);
    void add_known(const std::string& name, const snapshot::BootValue& value);
    void add_glob(const std::string& path, const snapshot::BootValue& value);

    snapshot::BootSysctls exact_;
    snapshot::BootValues by_glob_;
    std::set<std::string, std::less<>> not_by_glob_; // "-key" without a value
    std::size_t globs_ = 0;
    std::size_t order_ = 0;
    bool left_globs_out_ = false;
    bool left_names_out_ = false;
};

/// What the files say. A file or directory that is there but cannot be read is added to `gaps`.
snapshot::BootSysctls read_boot_sysctls(Machine& machine, std::vector<base::Gap>& gaps);

} // namespace kernel
