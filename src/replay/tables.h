// Socket tables of the kernel that somebody copied: /proc/net/tcp and tcp6 as text, and what `ss -D` wrote.
// Opens nothing.
#pragma once

#include "base/result.h"
#include "replay/socket_list.h"

#include <string_view>

namespace replay {

/// Is the first line the heading of /proc/net/tcp or tcp6?
bool looks_like_proc_table(std::string_view text);

/// One of the tables, or both one after the other; the heading tells which one it is.
base::Result<SocketList> read_proc_tables(std::string_view text);

/// Is it a dump by ss -D, or one of a machine with the other byte order?
bool looks_like_ss_dump(std::string_view bytes);

/// Messages of sock_diag, one after the other.
base::Result<SocketList> read_ss_dump(std::string_view bytes);

} // namespace replay
