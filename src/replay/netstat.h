// The text of netstat(8) of net-tools: `netstat -tan`, also with -W, -e, -p and -o. Opens nothing.
#pragma once

#include "base/result.h"
#include "replay/socket_list.h"

#include <string_view>

namespace replay {

/// Does a line of it say that netstat wrote it?
bool looks_like_netstat(std::string_view text);

/// The TCP sockets of the text. A line that makes no sense makes the list incomplete; an error if no line
/// makes any.
base::Result<SocketList> read_netstat(std::string_view text);

} // namespace replay
