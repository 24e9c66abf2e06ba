// From the number of a control group, which sock_diag gives for each socket, to its path. Needs no privilege:
// with one the kernel opens the group by its number, without one the hierarchy is walked.
#pragma once

#include "kernel/live.h"
#include "snapshot/owners.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kernel {

/// Where the unified hierarchy is mounted, and which of its groups is seen there ("/", unless it is a bind
/// mount).
struct CgroupMount {
    std::string point;
    std::string root;
};

/// The first cgroup2 mount in the text of /proc/self/mountinfo; none on hosts that have only version 1.
std::optional<CgroupMount> cgroup_mount_in(std::string_view mountinfo);

/// The paths of these groups below the root of the hierarchy. The gap of one that was not found is `absent`
/// if it was removed or lies outside of what can be seen here.
snapshot::CgroupPaths cgroup_paths(const CgroupMount& mount, std::span<const std::uint64_t> numbers,
                                   Deadline deadline);

} // namespace kernel
