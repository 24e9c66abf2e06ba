// Changes the addresses in the text of /proc/net/tcp and tcp6, and nothing else.
#pragma once

#include "kernel/frame_edit.h"

#include <string>
#include <string_view>

namespace kernel {

/// The table with other addresses. A line that is none of the table becomes "?".
std::string replace_in_proc_table(std::string_view text, const AddressMap& other);

} // namespace kernel
