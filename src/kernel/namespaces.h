// Which network namespaces a run looks at, and machines that work inside of them. The process itself never
// changes its namespace: a thread of its own does.
#pragma once

#include "base/result.h"
#include "kernel/live.h"
#include "kernel/sock_diag.h"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace kernel {

struct NetnsChoice {
    enum class Kind { here, busy, named, process, all };
    Kind kind = Kind::here;
    std::string name; // `named`: below /run/netns, or a path if it has a slash
    pid_t pid = 0;    // `process`
};

constexpr std::string_view here_label = "this namespace";

struct Opened {
    std::vector<SockDiagTarget> targets;
    /// Of `busy`: other namespaces that hold TCP sockets, or may, and that could not be entered.
    std::size_t not_looked_at = 0;
};

/// One network namespace, or all that the host has. An error if the one that was asked for cannot be entered;
/// of `all`, one that cannot be entered is a target whose every answer is a gap. `busy` is the own namespace
/// and those of the others that hold TCP sockets and can be entered. Nothing is read after the deadline.
base::Result<Opened> open_targets(const NetnsChoice& where, Deadline deadline);

} // namespace kernel
