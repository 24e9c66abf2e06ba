// A copy of a host's files in a directory: an unpacked sosreport, or a copied /proc/net. No link in it leads
// out of it, so that no file of this host is taken for one of the copy.
#pragma once

#include "base/file.h"
#include "base/gap.h"
#include "base/result.h"
#include "snapshot/counters.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace replay {

class Tree {
  public:
    /// An error if it is no directory or cannot be read.
    static base::Result<Tree> open(const std::string& path);

    /// A regular file in it, by a path without a leading slash; at most `most_bytes`.
    snapshot::Reading<std::string> read(const std::string& path) const;
    /// The names in a directory of it, sorted by bytes.
    snapshot::Reading<std::vector<std::string>> list(const std::string& path) const;
    bool has(const std::string& path) const;

    static constexpr std::size_t most_bytes = std::size_t{1} << 30;

  private:
    explicit Tree(base::Descriptor root) : root_(std::move(root)) {}
    base::Result<int, base::Gap> open_inside(const std::string& path, int flags) const;

    base::Descriptor root_;
};

} // namespace replay
