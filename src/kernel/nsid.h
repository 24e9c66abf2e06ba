// The numbers that a network namespace has for others that it is linked to (rtnetlink: RTM_GETNSID): they
// prove that there are namespaces, even if nothing else does.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "kernel/live.h"

#include <cstdint>
#include <optional>
#include <set>

namespace kernel {

/// All numbers of the calling thread's namespace.
base::Result<std::set<std::int32_t>, base::Gap> nsids(Deadline deadline);

/// The number that it has for the namespace behind a descriptor; none if it has none.
std::optional<std::int32_t> nsid_of(int descriptor, Deadline deadline);

} // namespace kernel
