#include "kernel/cgroups.h"

#include "base/text.h"
#include "kernel/directory.h"
#include "kernel/proc_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <new>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace kernel {
namespace {

using base::Gap;
using base::Why;

constexpr std::size_t most_directories = 50'000;
constexpr int kernfs_handle = 0xFE; // FILEID_KERNFS: the handle is the number

Gap no_path(std::uint64_t number, Why why, std::string detail) {
    return {fmt::format("control group {}", number), why, std::move(detail)};
}

/// Other file systems make other handles.
bool knows_handles(const base::Descriptor& mount) {
    struct statfs status {};
    return ::fstatfs(mount.number(), &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

/// The group with this number, opened; an error of the system.
base::Result<base::Descriptor, int> open_group(const base::Descriptor& mount, std::uint64_t number) {
    alignas(file_handle) std::array<std::byte, sizeof(file_handle) + sizeof number> bytes{};
    auto* handle = new (bytes.data()) file_handle;
    handle->handle_bytes = sizeof number;
    handle->handle_type = kernfs_handle;
    std::memcpy(bytes.data() + offsetof(file_handle, f_handle), &number, sizeof number);
    const int opened = ::open_by_handle_at(mount.number(), handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return errno;
    }
    return base::Descriptor(opened);
}

class Finder {
  public:
    Finder(const CgroupMount& mount, Deadline deadline)
        : mount_(mount), top_(::open(mount.point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
          deadline_(deadline), may_open_(top_ && knows_handles(top_)) {}

    snapshot::CgroupPaths find(std::span<const std::uint64_t> numbers) {
        for (const std::uint64_t number : numbers) {
            if (!top_) {
                found_.emplace(number, no_path(number, Why::failed, "cannot open " + mount_.point));
            } else if (!by_handle(number)) {
                wanted_.insert(number);
            }
        }
        walk();
        for (const std::uint64_t number : wanted_) {
            found_.emplace(number, out_of_luck(number));
        }
        return std::move(found_);
    }

  private:
    /// False if it is still open where the group is, because the kernel does not let us ask this way.
    bool by_handle(std::uint64_t number) {
        if (!may_open_) {
            return false;
        }
        const auto group = open_group(top_, number);
        if (!group) {
            if (group.error() == ESTALE) {
                found_.emplace(number, no_path(number, Why::absent, "removed"));
                return true;
            }
            may_open_ = false; // EPERM without CAP_DAC_READ_SEARCH
            return false;
        }
        struct stat status {};
        if (::fstat(group->number(), &status) != 0 || status.st_ino != number) {
            return false;
        }
        std::array<char, PATH_MAX> link;
        const auto name = fmt::format("/proc/self/fd/{}", group->number());
        const ssize_t size = ::readlink(name.c_str(), link.data(), link.size());
        const std::string_view path(link.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        if (!path.starts_with(mount_.point + "/")) {
            return false;
        }
        keep(number, path.substr(mount_.point.size()));
        return true;
    }

    /// Looks for the wanted numbers, group by group from the top: services lie near it.
    void walk() {
        std::deque<std::string> paths = {""};
        for (; !paths.empty() && !wanted_.empty() && !give_up(); paths.pop_front()) {
            const std::string place = mount_.point + paths.front();
            const base::Descriptor group(
                ::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!group) {
                continue; // removed meanwhile, or deeper than a path can say
            }
            for_each_entry(group, [&](const DirectoryEntry& entry) {
                if (entry.is_directory) {
                    paths.push_back(fmt::format("{}/{}", paths.front(), entry.name));
                    if (wanted_.erase(entry.inode) > 0) {
                        keep(entry.inode, paths.back());
                    }
                }
                return !wanted_.empty();
            });
        }
    }

    bool give_up() {
        gave_up_ = gave_up_ || ++walked_ > most_directories || std::chrono::steady_clock::now() >= deadline_;
        return gave_up_;
    }

    void keep(std::uint64_t number, std::string_view path) {
        const bool whole = mount_.root == "/";
        found_.insert_or_assign(number, (whole ? std::string() : mount_.root) + std::string(path));
    }

    Gap out_of_luck(std::uint64_t number) const {
        return gave_up_ ? no_path(number, Why::failed, "not found in time")
                        : no_path(number, Why::absent, "removed, or not seen from here");
    }

    const CgroupMount& mount_;
    base::Descriptor top_;
    Deadline deadline_;
    bool may_open_;
    std::set<std::uint64_t> wanted_; // by a walk
    std::size_t walked_ = 0;
    bool gave_up_ = false;
    snapshot::CgroupPaths found_;
};

/// "/../..": a container with a control group namespace of its own sees so what lies above that, such as the
/// whole hierarchy of its host.
bool is_above(std::string_view root) {
    while (root.starts_with("/..")) {
        root.remove_prefix(3);
    }
    return root.empty();
}

} // namespace

std::optional<CgroupMount> cgroup_mount_in(std::string_view mountinfo) {
    for (const std::string_view line : base::split(mountinfo, '\n')) {
        if (const auto mount = mount_line(line); mount && mount->type() == "cgroup2") {
            const std::string root = without_octal_escapes(mount->root());
            return CgroupMount{without_octal_escapes(mount->point()), is_above(root) ? "/" : root};
        }
    }
    return std::nullopt;
}

snapshot::CgroupPaths cgroup_paths(const CgroupMount& mount, std::span<const std::uint64_t> numbers,
                                   Deadline deadline) {
    return Finder(mount, deadline).find(numbers);
}

} // namespace kernel
