// A line that somebody typed at a prompt, above or below a table: whether its command shows all TCP sockets.
// Only commands that are known to do so are believed; whatever else stands there may leave rows out.
#pragma once

#include <optional>
#include <string_view>

namespace replay {

/// "root@web1:~# ss -tan": what stands before the sign of the prompt, and behind it.
struct PromptLine {
    std::string_view prompt;
    std::string_view command; // empty: none was typed
};

/// None if the line has no sign of a prompt.
std::optional<PromptLine> prompt_line(std::string_view line);

/// Is it the prompt that comes back when a command has ended? `above`: the prompt of that command, if it is
/// known. Prose may have such signs, too.
bool ends_command(const PromptLine& line, const std::optional<std::string_view>& above);

/// Which sockets a command shows.
enum class Asked {
    all,     // of TCP, or of a table of /proc/net
    part,    // those of one family, one state, one destination
    anything // nobody knows
};

/// What a line of the shell asks for. It may be behind sudo, ssh, kubectl exec and the like.
Asked asked_by(std::string_view command);

} // namespace replay
