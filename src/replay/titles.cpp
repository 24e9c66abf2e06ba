#include "replay/titles.h"

#include "base/text.h"
#include "replay/command_target.h"
#include "replay/socket_list.h"

#include <algorithm>
#include <array>
#include <vector>

namespace replay {

namespace {

constexpr std::string_view decoration = "=-#*><_[]:|+ \t\"'";

bool names_tool(std::string_view name) {
    constexpr auto tools = std::to_array<std::string_view>(
        {"ss", "netstat", "tcp", "tcp6", "sockstat", "sockstat6", "net", "proc", "self", "sysctl", "output",
         "txt", "log", "connections", "sockets", "listening", "established"});
    const std::string_view stem = name.substr(0, name.find('.'));
    return std::find(tools.begin(), tools.end(), stem) != tools.end() || stem.starts_with("ss_-") ||
           stem.starts_with("netstat_-");
}

/// "2026-11-30": a name has a letter, or is an address.
bool is_time(std::string_view name) {
    return name.find_first_not_of("0123456789.-_") == std::string_view::npos && !dotted_quad(name);
}

/// "web1" of "web1.txt", "web1/proc/net/tcp" and "pod/web1".
std::string_view name_in_path(std::string_view path) {
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        const std::string_view last = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
        if (!last.empty() && !names_tool(last)) {
            return is_host_name(last) && !is_time(last) ? last : std::string_view();
        }
        path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    }
    return {};
}

std::string_view undecorated(std::string_view line) {
    const std::size_t first = line.find_first_not_of(decoration);
    const std::size_t last = line.find_last_not_of(decoration);
    return first == std::string_view::npos ? std::string_view() : line.substr(first, last - first + 1);
}

bool says_what_follows(std::string_view word) {
    constexpr auto kinds =
        std::to_array<std::string_view>({"host", "hostname", "node", "server", "machine", "pod", "container",
                                         "netns", "namespace", "vm", "on", "from"});
    const std::string lower = base::lower_ascii(undecorated(word));
    return std::find(kinds.begin(), kinds.end(), lower) != kinds.end();
}

/// "=== first server ===": signs on both sides, and plain words that name no tool between them.
bool is_between_signs(std::string_view line, const std::vector<std::string_view>& words) {
    constexpr std::string_view signs = "=-*#_><";
    constexpr std::size_t most_words = 6;
    const bool plain = std::all_of(words.begin(), words.end(), [](std::string_view word) {
        const bool number = word.find_first_not_of("0123456789") == std::string_view::npos;
        return (number || is_host_name(word)) && !names_tool(word);
    });
    return plain && words.size() > 1 && words.size() <= most_words &&
           signs.find(line.front()) != std::string_view::npos &&
           signs.find(line.back()) != std::string_view::npos;
}

/// "[1] 10:00:00 [SUCCESS] web1" of pssh, perhaps with why it failed behind.
std::string_view name_of_pssh(const std::vector<std::string_view>& words) {
    const bool result = words.size() >= 4 && words[0].starts_with('[') &&
                        (words[2] == "[SUCCESS]" || words[2] == "[FAILURE]");
    return result && is_host_name(words[3]) ? words[3] : std::string_view();
}

} // namespace

std::string_view name_in_title(std::string_view line) {
    constexpr std::size_t longest = 160;
    line = base::trim(line);
    if (line.empty() || line.size() > longest) {
        return {};
    }
    const auto whole = base::words(line);
    if (const std::string_view name = name_of_pssh(whole); !name.empty()) {
        return name;
    }
    const auto words = base::words(undecorated(line));
    if (is_between_signs(line, words)) {
        return undecorated(line);
    }
    const bool leads_to_table = line.ends_with(':'); // prose: "and this is from web2:"
    const bool said = words.size() == 2 && says_what_follows(words[0]);
    return words.size() == 1 || said || (leads_to_table && !words.empty())
               ? name_in_path(undecorated(words.back()))
               : std::string_view();
}

} // namespace replay
