// A directory of one user's own files that nobody else may change: opened without following links, refused if
// others may write to it, files replaced in one step. Every refusal says why.
#pragma once

#include "base/descriptor.h"
#include "base/gap.h"
#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

class PrivateDirectory {
  public:
    enum class Create { no, last, with_parents };

    /// The directory must belong to this user and be writable by nobody else. `create` makes the last part of
    /// the path, or all parts, with mode 0700 if they are missing.
    static Result<PrivateDirectory, Gap> open(const std::string& path, Create create);

    /// The whole file, at most `limit` bytes, under the same conditions as the directory. `absent` if there
    /// is none.
    Result<std::string, Gap> read(const std::string& name, std::size_t limit) const;

    /// Whether files may be written at all, as far as that can be known before the disk is full.
    Status writable() const;

    /// Keeps other users of lock() out until this object is gone. Waits at most `seconds`.
    Status lock(double seconds);

    /// Replaces the file, mode 0600, without waiting for the disk: after a crash of the machine the content
    /// may be cut. What was there stays on any error.
    Status replace(const std::string& name, std::string_view content);

    /// Removes regular files whose name starts with `prefix` and that nobody has written to for so long.
    void prune(std::string_view prefix, double seconds);

    const std::string& path() const { return path_; }

  private:
    PrivateDirectory(std::string path, Descriptor descriptor)
        : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

    std::string path_;
    Descriptor descriptor_;
};

} // namespace base
