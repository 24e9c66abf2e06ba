// Files of sysctl.d as a boot reads them, one behind the other with a line "===" between them.
#include "kernel/sysctl_files.h"
#include "tests/fuzz/harness.h"

#include <string>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::MemoryLimit limit(3 * size); // 60 times: each setting is kept, however short it is
    kernel::BootAssignments boot;
    int number = 10;
    for (std::string_view rest = fuzz::text_of(data, size); !rest.empty();) {
        boot.add_file(fuzz::take_part(rest, "\n===\n"),
                      "/etc/sysctl.d/" + std::to_string(number++) + ".conf");
    }
    const snapshot::BootSysctls result = boot.result();
    for (const auto& [name, value] : result.values) {
        fuzz::require(snapshot::find_sysctl(name) != nullptr, "settings that are judged are known");
        fuzz::require(value.origin.starts_with("/etc/sysctl.d/"), "each setting has its line");
    }
    return 0;
}
