// Where a path leads, walked by descriptors and one name at a time: nothing can be put in the way between a
// look and its use, and no link of somebody else leads a privileged run to another place.
#pragma once

#include "base/descriptor.h"
#include "base/gap.h"
#include "base/result.h"

#include <string>
#include <string_view>

namespace base {

/// Which links are followed: none, or those that root or this user made. Those of /proc are the kernel's.
enum class Links { none, trusted };

/// A name in an open directory.
struct Entry {
    Descriptor directory;
    std::string name;           // no link, unless it stands in /proc or `last` was to be kept
    bool is_of_process = false; // a link in /proc, which only the kernel can follow
    bool behind_link = false;   // the path ended with a link to this name
};

struct WalkOptions {
    Links links = Links::trusted;
    bool keep_last = false;      // the last name is not followed if it is a link
    bool create_parents = false; // directories that are missing on the way are made with mode 0700
};

/// The place of the last name of `path`; the name itself need not exist.
Result<Entry, Gap> walk(const std::string& path, const WalkOptions& options);

} // namespace base
