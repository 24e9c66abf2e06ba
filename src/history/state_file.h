// The file that keeps what runs leave for the next ones: text, one line an item, versioned, with a checksum.
// Knows no directory and trusts no byte. A file that is not wholly right counts for nothing.
#pragma once

#include "base/result.h"
#include "findings/memory.h"
#include "snapshot/history.h"

#include <string>
#include <string_view>

namespace history {

/// What is kept about one network namespace.
struct State {
    snapshot::SpaceHistory space;
    findings::Memory memory;
};

/// Which namespace of which boot a file is about.
struct Key {
    std::string boot_id;
    std::string space; // "cookie 1", or "inode 4026531840" before Linux 5.14
};

std::string encode(const Key& key, const State& state);

/// What the file says; an error if it is cut, of another version, boot or namespace, or makes no sense.
base::Result<State> decode(const Key& key, std::string_view text);

} // namespace history
