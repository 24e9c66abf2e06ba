// An archive or a packed file, read in memory: nothing of it is ever written anywhere, and no program is run.
// The library is asked for when the first archive comes; where it is not installed, none can be read. Knows
// nothing of what is in it but which members are of use.
#pragma once

#include "base/result.h"
#include "replay/tree.h"

#include <optional>
#include <string>
#include <string_view>

namespace replay {

/// What packs a file that begins like this, or "tar"; empty for none.
std::string_view packed_by(std::string_view content);

/// What is in it: the members of an archive, or the one text that was packed.
struct Unpacked {
    std::optional<Tree> tree;
    std::string text;
};

/// An error says what is wrong with it, or how to unpack it by hand.
base::Result<Unpacked> unpack(std::string_view content);

} // namespace replay
