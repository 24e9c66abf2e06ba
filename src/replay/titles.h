// A line that stands right above a table and says whose it is, such as "=== web1 ===", "==> web1/ss.txt <=="
// or "[1] 10:00:00 [SUCCESS] web1". Knows no tool's columns.
#pragma once

#include <string_view>

namespace replay {

/// The name in such a line; empty if it is none.
std::string_view name_in_title(std::string_view line);

} // namespace replay
