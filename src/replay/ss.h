// The text of ss(8): one or two lines for each socket, with any of -o, -i, -m, -e and -p. Opens nothing, and
// trusts nothing: names of processes and control groups in it are anybody's choice.
#pragma once

#include "base/result.h"
#include "replay/table_text.h"

#include <string_view>

namespace replay {

/// Is it a line that ss writes?
bool looks_like_ss(std::string_view line);

/// The TCP sockets of the text. A line that makes no sense makes the list incomplete; an error if no line
/// makes any.
base::Result<SocketList> read_ss(const Text& text, SnapshotChoice choice);

} // namespace replay
