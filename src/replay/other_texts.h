// Texts that people paste in place of a table of sockets: what they are, and what to run instead. Knows no
// row of a socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace replay {

/// What it is, and the command that shows what is missing in it; none if it is nothing known.
std::optional<std::string> kind_of_text(std::string_view content);

} // namespace replay
