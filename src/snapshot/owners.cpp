#include "snapshot/owners.h"

#include <algorithm>

namespace snapshot {

const Holder* Holders::find(std::uint32_t inode) const {
    if (inode == 0) {
        return nullptr;
    }
    const auto at = std::lower_bound(sockets.begin(), sockets.end(), inode,
                                     [](const Holder& holder, auto number) { return holder.inode < number; });
    return at != sockets.end() && at->inode == inode ? &*at : nullptr;
}

const std::string* Owners::cgroup_path(std::optional<std::uint64_t> number) const {
    const auto path = number ? cgroups.find(*number) : cgroups.end();
    return path != cgroups.end() && path->second ? &*path->second : nullptr;
}

} // namespace snapshot
