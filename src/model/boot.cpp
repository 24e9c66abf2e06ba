#include "model/boot.h"

#include "base/text.h"
#include "snapshot/sysctls.h"

namespace model {

using facts::Basis;
using facts::Value;

base::Gap unread_boot() {
    return {"sysctl.d", base::Why::not_collected, "not read for this run, or not of this namespace"};
}

Value number_at_boot(const snapshot::Namespace& space, std::string_view name) {
    if (!space.boot_sysctls) {
        return unread_boot();
    }
    const snapshot::BootSysctls& files = *space.boot_sysctls;
    const auto found = files.values.find(name);
    if (found == files.values.end() && files.unread) {
        return *files.unread;
    }
    const snapshot::SysctlInfo& info = *snapshot::find_sysctl(name);
    snapshot::Sysctls boot;
    boot.set(name, info.default_value);
    if (found != files.values.end()) {
        if (const auto taken = snapshot::as_kernel_takes(info, found->second.value)) {
            boot.set(name, *taken);
        }
    }
    const auto number = boot.integer(name);
    return number ? Value(*number, files.unread ? Basis::inferred : Basis::measured) : Value(number.error());
}

Value no_assignments(const snapshot::Namespace& space) {
    return space.boot_sysctls ? Value(space.boot_sysctls->no_assignments) : Value(unread_boot());
}

Value first_no_assignment(const snapshot::Namespace& space) {
    if (!space.boot_sysctls) {
        return unread_boot();
    }
    const std::string& line = space.boot_sysctls->first_no_assignment;
    return line.empty() ? Value(base::Gap{"sysctl.d", base::Why::absent, "every line is an assignment"})
                        : Value(base::printable(line));
}

} // namespace model
