#include "replay/tree.h"

#include "base/text.h"
#include "kernel/directory.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace replay {

namespace {

base::Gap gap_of(const std::string& path, int error) {
    return {path, error == ENOTDIR ? base::Why::absent : base::why_of(error), base::error_text(error)};
}

} // namespace

base::Result<Tree> Tree::open(const std::string& path) {
    base::Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.number() < 0) {
        return base::Error{path + ": " + base::error_text(errno)};
    }
    return Tree(std::move(root));
}

Tree Tree::of(Members members, std::string top) {
    Tree tree(base::Descriptor(-1));
    tree.members_ = std::make_shared<const Members>(std::move(members));
    tree.top_ = std::move(top);
    return tree;
}

Tree Tree::inside(const std::string& directory) const {
    Tree tree = *this;
    tree.top_ += normal_path(directory) + "/";
    return tree;
}

std::string normal_path(std::string_view path) {
    std::vector<std::string_view> parts;
    for (const std::string_view part : base::split(path, '/')) {
        if (part == "..") {
            if (!parts.empty()) {
                parts.pop_back();
            }
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
    }
    std::string joined;
    for (const std::string_view part : parts) {
        joined += (joined.empty() ? "" : "/") + std::string(part);
    }
    return joined;
}

std::string below(const std::string& directory, const std::string& name) {
    const bool is_here = directory.empty() || directory == "." || directory == "./";
    return is_here ? name : directory + (directory.ends_with('/') ? "" : "/") + name;
}

std::optional<std::string> Tree::resolved(std::string path) const {
    constexpr int most_links = 16;
    path = top_ + normal_path(path);
    for (int links = 0; links < most_links; ++links) {
        std::size_t end = path.find('/', top_.size());
        while (end != std::string::npos && !members_->links.contains(path.substr(0, end))) {
            end = path.find('/', end + 1);
        }
        const auto link = members_->links.find(path.substr(0, end));
        if (link == members_->links.end()) {
            return path;
        }
        const std::string rest = end == std::string::npos ? "" : path.substr(end);
        const std::string inside = link->first.substr(top_.size());
        const std::size_t slash = inside.rfind('/');
        const std::string directory = slash == std::string::npos ? "" : inside.substr(0, slash + 1);
        const bool is_hard = link->second.starts_with("/" + top_) && !top_.empty();
        path =
            is_hard
                ? link->second.substr(1) + rest
                : top_ + normal_path((link->second.starts_with('/') ? "" : directory) + link->second + rest);
    }
    return std::nullopt;
}

snapshot::Reading<std::string> Tree::read_member(const std::string& path, std::size_t most) const {
    const auto where = resolved(path);
    if (!where) {
        return gap_of(path, ELOOP);
    }
    const auto found = members_->files.find(*where);
    if (found == members_->files.end()) {
        return base::Gap{path, base::Why::absent, "not in the archive"};
    }
    if (members_->damaged.contains(*where)) {
        return base::Gap{path, base::Why::truncated, "the archive is damaged there, or it is too large"};
    }
    if (found->second.size() > most) {
        return gap_of(path, EFBIG);
    }
    return found->second;
}

snapshot::Reading<std::vector<std::string>> Tree::list_members(const std::string& path) const {
    const auto where = resolved(path);
    if (!where) {
        return gap_of(path, ELOOP);
    }
    const bool is_whole = where->empty() || where->ends_with('/');
    const std::string before = is_whole ? *where : *where + "/";
    std::vector<std::string> names;
    const auto add = [&](const auto& members) {
        for (auto member = members.lower_bound(before);
             member != members.end() && member->first.starts_with(before); ++member) {
            const std::string rest = member->first.substr(before.size());
            names.push_back(rest.substr(0, rest.find('/')));
        }
    };
    add(members_->files);
    add(members_->links);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.empty()) {
        return base::Gap{path, base::Why::absent, "not in the archive"};
    }
    return names;
}

base::Result<int, base::Gap> Tree::open_inside(const std::string& path, int flags) const {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const long opened = ::syscall(SYS_openat2, root_->number(), (top_ + path).c_str(), &how, sizeof how);
    if (opened < 0) {
        return gap_of(path, errno);
    }
    return static_cast<int>(opened);
}

snapshot::Reading<std::string> Tree::read(const std::string& path, std::size_t most) const {
    if (members_) {
        return read_member(path, most);
    }
    const auto opened = open_inside(path, 0);
    if (!opened) {
        return opened.error();
    }
    const base::Descriptor file(*opened);
    return base::read_regular(file, path, most);
}

snapshot::Reading<std::vector<std::string>> Tree::list(const std::string& path, bool hidden) const {
    if (members_) {
        return list_members(path);
    }
    const auto opened = open_inside(path, O_DIRECTORY);
    if (!opened) {
        return opened.error();
    }
    const base::Descriptor directory(*opened);
    std::vector<std::string> names;
    const bool whole = kernel::for_each_entry(directory, [&](const kernel::DirectoryEntry& entry) {
        if (hidden || !entry.name.starts_with('.')) {
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
    if (members_) {
        return read_member(path, most_bytes).has_value() || list_members(path).has_value();
    }
    const auto opened = open_inside(path, 0); // openat2() takes O_PATH with few other flags
    if (opened) {
        ::close(*opened);
    }
    return opened.has_value();
}

bool Tree::is_link(const std::string& path) const {
    if (members_) {
        return members_->links.contains(top_ + normal_path(path));
    }
    char start = 0;
    return ::readlinkat(root_->number(), (top_ + path).c_str(), &start, sizeof start) >= 0;
}

} // namespace replay
