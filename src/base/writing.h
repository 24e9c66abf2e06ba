// The writer of what was asked for (reports, captures, metrics): whole or not at all, in the place that was
// named and in no other that somebody else wants it to have. A user's own state is PrivateDirectory's.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace base {

/// Who may read a new file: everybody whom the umask leaves, or only its owner.
enum class Readers { as_umask, owner };

/// Replaces `path` by `content` in one step: a temporary file beside it, fsync, rename. What was there stays
/// untouched on any error, and its mode is kept if it is this user's. Links are followed if root or this user
/// made them; what is no regular file (a pipe, /dev/stdout) is written to.
Status write_atomically(const std::string& path, std::string_view content,
                        Readers readers = Readers::as_umask);

/// Removes the temporary file of a write that will not be finished. For a signal handler that ends the
/// process.
void abandon_writing();

/// A standard stream that is closed is held by what can be neither read nor written, so that no file takes
/// its number.
void hold_standard_streams();

/// Writes all of `content` to a descriptor, whatever the number of writes it takes. Waits if it must.
Status write_all(int descriptor, std::string_view content);

} // namespace base
