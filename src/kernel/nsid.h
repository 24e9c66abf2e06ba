// The numbers that a network namespace has for others that it is linked to (rtnetlink: RTM_GETNSID): they
// prove that there are namespaces, even if nothing else does.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "kernel/live.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>

namespace kernel {

/// All numbers of the calling thread's namespace.
base::Result<std::set<std::int32_t>, base::Gap> nsids(Deadline deadline);

/// The number that it has for the namespace behind a descriptor; none if it has none.
std::optional<std::int32_t> nsid_of(int descriptor, Deadline deadline);

/// Adds the numbers in a datagram of an answer to the netlink port: 1 if more follows, 0 at its end, -1 with
/// errno set if it was refused or makes no sense.
int read_nsids(std::span<const std::byte> datagram, unsigned port, std::set<std::int32_t>& ids);

} // namespace kernel
