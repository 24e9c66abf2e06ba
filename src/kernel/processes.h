// Who holds which socket, from /proc/PID/fd. Reads links, comm, limits and cgroup, none of which can block;
// never cmdline, which waits for a lock that a process in trouble may hold. Not seen: what a thread alone
// holds since it took a table of its own (unshare(CLONE_FILES)), because looking for it would cost a look at
// each thread of each process.
#pragma once

#include "kernel/live.h"
#include "snapshot/owners.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kernel {

/// Looks through the processes below `proc` ("/proc"; tests bring their own) until every needed socket has a
/// holder. Processes of the sockets' users come first, those with the most open files before others. What
/// could not be looked at is the gap of the answer, unless nothing was missed.
snapshot::Holders find_holders(const std::string& proc, std::span<const snapshot::WantedSocket> wanted,
                               Deadline deadline);

/// Which of the two limits that /proc/PID/limits has in a row.
enum class Limit { soft, hard };

/// The limit of open files; none if it is unlimited or the text is another.
std::optional<std::uint64_t> file_limit_in(std::string_view limits, Limit which);

/// The path of /proc/PID/cgroup that says most: that of the unified hierarchy, else systemd's own of version
/// 1. Empty if all of them are the root.
std::string_view cgroup_in(std::string_view cgroups);

} // namespace kernel
