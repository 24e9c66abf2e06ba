#include "replay/tree.h"

#include "kernel/directory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace replay {

namespace {

base::Gap gap_of(const std::string& path, int error) {
    const base::Why why = error == ENOENT || error == ENOTDIR ? base::Why::absent
                          : error == EACCES || error == EPERM ? base::Why::denied
                                                              : base::Why::failed;
    return {path, why, std::strerror(error)};
}

} // namespace

base::Result<Tree> Tree::open(const std::string& path) {
    base::Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.number() < 0) {
        return base::Error{path + ": " + std::strerror(errno)};
    }
    return Tree(std::move(root));
}

base::Result<int, base::Gap> Tree::open_inside(const std::string& path, int flags) const {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const long opened = ::syscall(SYS_openat2, root_.number(), path.c_str(), &how, sizeof how);
    if (opened < 0) {
        return gap_of(path, errno);
    }
    return static_cast<int>(opened);
}

snapshot::Reading<std::string> Tree::read(const std::string& path) const {
    const auto opened = open_inside(path, 0);
    if (!opened) {
        return opened.error();
    }
    const base::Descriptor file(*opened);
    return base::read_regular(file, path, most_bytes);
}

snapshot::Reading<std::vector<std::string>> Tree::list(const std::string& path) const {
    const auto opened = open_inside(path, O_DIRECTORY);
    if (!opened) {
        return opened.error();
    }
    const base::Descriptor directory(*opened);
    std::vector<std::string> names;
    const bool whole = kernel::for_each_entry(directory, [&](const kernel::DirectoryEntry& entry) {
        if (!entry.name.starts_with('.')) {
            names.emplace_back(entry.name);
        }
        return names.size() < 100'000;
    });
    if (!whole) {
        return gap_of(path, errno);
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool Tree::has(const std::string& path) const {
    const auto opened = open_inside(path, 0); // openat2() takes O_PATH with few other flags
    if (opened) {
        ::close(*opened);
    }
    return opened.has_value();
}

} // namespace replay
