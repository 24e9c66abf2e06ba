// The text of ss(8): one or two lines for each socket, with any of -o, -i, -m, -e and -p. Opens nothing, and
// trusts nothing: names of processes and control groups in it are anybody's choice.
#pragma once

#include "base/result.h"
#include "replay/socket_list.h"

#include <string_view>

namespace replay {

/// Does a line of it say that ss wrote it?
bool looks_like_ss(std::string_view text);

/// The TCP sockets of the text. A line that makes no sense makes the list incomplete; an error if no line
/// makes any.
base::Result<SocketList> read_ss(std::string_view text);

} // namespace replay
