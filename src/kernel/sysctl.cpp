#include "kernel/sysctl.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace kernel {

snapshot::Sysctls read_sysctls(Machine& machine) {
    snapshot::Sysctls sysctls;
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        std::string path = "/proc/sys/" + std::string(info.name);
        std::replace(path.begin() + 10, path.end(), '.', '/');
        const auto content = machine.read(path);
        if (!content) {
            base::Gap gap = content.error();
            gap.what = info.name;
            if (gap.why == base::Why::absent && info.everywhere && !machine.provenance().is_foreign()) {
                gap.why = base::Why::failed; // hidden, not missing: a container may show another /proc/sys
                gap.detail = "not to be seen: is /proc/sys hidden here?";
            }
            sysctls.set_gap(info.name, std::move(gap));
            continue;
        }
        std::string_view text = *content;
        if (text.ends_with('\n')) {
            text.remove_suffix(1);
        }
        sysctls.set(info.name, text);
    }
    return sysctls;
}

} // namespace kernel
