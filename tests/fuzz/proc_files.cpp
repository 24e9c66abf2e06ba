// Files of /proc that a live run reads: each reader gets every text.
#include "kernel/cgroups.h"
#include "kernel/netns_search.h"
#include "kernel/pods.h"
#include "kernel/proc_net.h"
#include "kernel/proc_text.h"
#include "kernel/processes.h"
#include "tests/fuzz/harness.h"

#include <string>
#include <vector>

namespace {

void read_counters(std::string_view text) {
    snapshot::Counters counters;
    for (const char* file : {"netstat", "snmp"}) {
        kernel::parse_name_value_pairs(text, file, counters);
    }
    for (const char* file : {"sockstat", "sockstat6"}) {
        kernel::parse_sockstat(text, file, counters);
    }
    kernel::parse_protocols(text, counters);
    kernel::parse_conntrack_stat(text, counters);
    kernel::parse_file_nr(text, counters);
}

void read_sockets(std::string_view text) {
    for (const auto family : {snapshot::Family::ipv4, snapshot::Family::ipv6}) {
        std::size_t sockets = 0;
        kernel::read_proc_table(text, family, [&](const snapshot::Socket&) { ++sockets; });
        fuzz::require(sockets <= text.size(), "each socket has its line");
    }
}

void read_mounts(std::string_view text) {
    for (const kernel::NetnsMount& mount : kernel::netns_mounts_in(text)) {
        fuzz::require(mount.point.size() <= text.size(), "a path is a part of the text");
    }
    kernel::hides_processes(text);
    kernel::cgroup_mount_in(text);
    if (const auto line = kernel::mount_line(text)) {
        fuzz::require(line->tail < line->fields.size() && !line->point().empty() && !line->root().empty(),
                      "a line of mountinfo has its fields");
    }
}

void read_processes(std::string_view text) {
    kernel::file_limit_in(text, kernel::Limit::soft);
    kernel::file_limit_in(text, kernel::Limit::hard);
    const std::string_view group = kernel::cgroup_in(text);
    const std::vector<std::string> directories = {std::string(text), "shop_cart-7d9f_" + std::string(text)};
    kernel::pod_name(text, directories);
    kernel::container_name(group);
    kernel::number_in_link(text, "net");
    kernel::pid_in(text);
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const fuzz::MemoryLimit limit(size);
    read_counters(text);
    read_sockets(text);
    read_mounts(text);
    read_processes(text);
    return 0;
}
