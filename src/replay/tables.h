// Socket tables of the kernel that somebody copied: /proc/net/tcp and tcp6 as text, and what `ss -D` wrote.
// Opens nothing.
#pragma once

#include "base/result.h"
#include "replay/table_text.h"

#include <string_view>

namespace replay {

/// Is it a line of /proc/net/tcp or tcp6?
bool looks_like_proc_table(std::string_view line);

/// The tables, one after the other; the headings tell which is which.
base::Result<SocketList> read_proc_tables(const Text& text, SnapshotChoice choice);

/// Is it a dump by ss -D, or one of a machine with the other byte order?
bool looks_like_ss_dump(std::string_view bytes);

/// Messages of sock_diag, one after the other.
base::Result<SocketList> read_ss_dump(std::string_view bytes);

} // namespace replay
