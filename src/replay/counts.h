// What is no table of sockets but was made of one: how many lines had each state, as `uniq -c` and awk print
// it. Knows no row of a socket.
#pragma once

#include "replay/socket_list.h"

#include <optional>
#include <string_view>

namespace replay {

/// Sockets that are known by their state alone; none if the text has no such counts.
std::optional<SocketList> read_counts(std::string_view text);

} // namespace replay
