// A copy of a host's files in a directory or an archive: a sosreport, or a copied /proc/net. No link in it
// leads out of it, so that no file of this host is taken for one of the copy.
#pragma once

#include "base/file.h"
#include "base/gap.h"
#include "base/result.h"
#include "snapshot/counters.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace replay {

/// What was taken out of an archive, by paths without a leading slash.
struct Members {
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> links; // symbolic ones; hard ones with a leading slash
    std::set<std::string> damaged;            // of the files
    bool is_cut = false;                      // the archive ends before its end
};

/// "a/b/../c" as "a/c", without a leading slash; never above the root.
std::string normal_path(std::string_view path);

/// `name` in `directory`, which may be empty or "." for here.
std::string below(const std::string& directory, const std::string& name);

class Tree {
  public:
    /// An error if it is no directory or cannot be read.
    static base::Result<Tree> open(const std::string& path);

    /// The members of an archive that lie below `top`, which ends with a slash or is empty.
    static Tree of(Members members, std::string top);

    /// A regular file in it, by a path without a leading slash; a gap if it has more than `most` bytes.
    snapshot::Reading<std::string> read(const std::string& path, std::size_t most = most_bytes) const;
    /// The names in a directory of it, sorted by bytes; those that begin with a dot only if `hidden`.
    snapshot::Reading<std::vector<std::string>> list(const std::string& path, bool hidden = false) const;
    bool has(const std::string& path) const;
    /// A symbolic link, wherever it leads; the directories above it are none.
    bool is_link(const std::string& path) const;
    /// What lies below a directory of it, as a tree of its own whose links still lead to the whole.
    Tree inside(const std::string& directory) const;
    /// It is an archive that ends before its end.
    bool is_cut() const { return members_ && members_->is_cut; }

    static constexpr std::size_t most_bytes = std::size_t{1} << 30;

  private:
    explicit Tree(base::Descriptor root) : root_(std::make_shared<const base::Descriptor>(std::move(root))) {}
    base::Result<int, base::Gap> open_inside(const std::string& path, int flags) const;

    snapshot::Reading<std::string> read_member(const std::string& path, std::size_t most) const;
    snapshot::Reading<std::vector<std::string>> list_members(const std::string& path) const;
    /// Where a path leads in an archive, links followed as in a root directory of its own; none: in a circle.
    std::optional<std::string> resolved(std::string path) const;

    std::shared_ptr<const base::Descriptor> root_;
    std::shared_ptr<const Members> members_; // null: a directory
    std::string top_;                        // before each path in it; empty, or ends with a slash
};

} // namespace replay
