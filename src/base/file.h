// Reading files with a bound, and keeping them where nobody else may change them. Every error says what the
// system said.
#pragma once

#include "base/descriptor.h"
#include "base/gap.h"
#include "base/path.h"
#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

/// The whole regular file, at most `limit` bytes; /dev/null is an empty one. A missing file is `absent`; a
/// directory, another device or a larger file is `failed`; no permission is `denied`. Never blocks on a FIFO.
Result<std::string, Gap> read_file(const std::string& path, std::size_t limit);

/// The same of a file that is open already; `path` is for the error.
Result<std::string, Gap> read_regular(const Descriptor& file, const std::string& path, std::size_t limit);

/// Like read_file, for the kernel's pseudo files, whose size is not known before they are read. Other files
/// may be mounted there, but a FIFO is refused.
Result<std::string, Gap> read_pseudo_file(const std::string& path, std::size_t limit);

/// Like read_file, for files of /proc/sys: they answer one read from the start, and nothing to a second one,
/// however much is left. `truncated` if the file holds `limit` bytes or more: nobody knows what is missing.
Result<std::string, Gap> read_at_once(const std::string& path, std::size_t limit);

/// Names of the entries of a directory that end with `suffix`, sorted by bytes; hidden ones are left out.
Result<std::vector<std::string>, Gap> list_directory(const std::string& path, std::string_view suffix);

/// A directory of one user's own files that nobody else may change: no link itself, refused if others may
/// write to it, files replaced in one step.
class PrivateDirectory {
  public:
    enum class Create { no, last, with_parents };

    /// The directory must belong to this user and be writable by nobody else. `create` makes the last part of
    /// the path, or all parts, with mode 0700 if they are missing.
    /// `links` are those on the way to it.
    static Result<PrivateDirectory, Gap> open(const std::string& path, Create create,
                                              Links links = Links::trusted);

    /// The whole file, at most `limit` bytes, under the same conditions as the directory. `absent` if there
    /// is none.
    Result<std::string, Gap> read(const std::string& name, std::size_t limit) const;

    /// When a file was last written, in seconds since the epoch; none if there is no such file.
    std::optional<double> changed(const std::string& name) const;

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

/// Like read_file, but refused (`failed`) if somebody else than root and this user could have written the
/// file, or could have put it there: its owner, its mode, and those of its directory.
Result<std::string, Gap> read_trusted_file(const std::string& path, std::size_t limit);

} // namespace base
