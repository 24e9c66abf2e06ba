// Reading files with a bound and replacing files atomically. Every error says what the system said.
#pragma once

#include "base/descriptor.h"
#include "base/gap.h"
#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace base {

/// The whole regular file, at most `limit` bytes. A missing file is `absent`; a directory, a device or a
/// larger file is `failed`; no permission is `denied`. Never blocks on a FIFO.
Result<std::string, Gap> read_file(const std::string& path, std::size_t limit);

/// The same of a file that is open already; `path` is for the error.
Result<std::string, Gap> read_regular(const Descriptor& file, const std::string& path, std::size_t limit);

/// Like read_file, for the kernel's pseudo files, whose size is not known before they are read.
Result<std::string, Gap> read_pseudo_file(const std::string& path, std::size_t limit);

/// Names of the entries of a directory that end with `suffix`, sorted by bytes; hidden ones are left out.
Result<std::vector<std::string>, Gap> list_directory(const std::string& path, std::string_view suffix);

/// Replaces `path` by `content` in one step (temporary file beside it, fsync, rename); a new file has mode
/// 0644. What was there stays untouched on any error. A link is followed; what is no regular file (a pipe,
/// /dev/stdout) is written to.
Status write_atomically(const std::string& path, std::string_view content);

/// Writes all of `content` to a descriptor, whatever the number of writes it takes.
Status write_all(int descriptor, std::string_view content);

} // namespace base
