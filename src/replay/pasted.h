// What other programs did to a text before it came here: chat, mail, tickets, terminals and log collectors.
// Some of it can be undone without loss; of the rest the rows are found, and nothing shows that they are all.
// Knows rows only by what the readers say of a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// The same text without what no tool of Linux prints: UTF-16, ends of lines of old systems, blanks that do
/// not break or have no width, HTML in place of signs. None if there is nothing to do.
std::optional<std::string> as_printed(std::string_view content);

using LineTest = bool (*)(std::string_view line);

/// The text with every row at the start of its line: what stands before and behind is taken off. None if no
/// line has anything there.
std::optional<std::string> without_prefixes(std::string_view text, LineTest is_row);

/// The texts that stand in JSON, as tools that run commands on many hosts print it. None if it is none.
std::optional<std::string> texts_of_json(std::string_view text);

/// The text with lines put together that a terminal broke at its width. None if no line looks so.
std::optional<std::string> unwrapped(std::string_view text);

} // namespace replay
