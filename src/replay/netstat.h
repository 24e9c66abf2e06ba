// The text of netstat(8), of net-tools, busybox and toybox: `netstat -tan`, also with -W, -e, -p and -o.
// Opens nothing.
#pragma once

#include "base/result.h"
#include "replay/table_text.h"

#include <string_view>

namespace replay {

/// Is it a line that netstat of Linux writes?
bool looks_like_netstat(std::string_view line);

/// The TCP sockets of the text. A line that makes no sense makes the list incomplete; an error if no line
/// makes any.
base::Result<SocketList> read_netstat(const Text& text, SnapshotChoice choice);

/// The system whose netstat wrote the text, if it is not Linux: "Windows". Empty for none.
std::string_view foreign_system(std::string_view text);

} // namespace replay
