#include "replay/other_texts.h"

#include "base/text.h"
#include "replay/lines.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace replay {

namespace {

constexpr std::string_view run_instead = ": run ss -tanpoie";

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

bool is_missing_command(std::string_view line) {
    constexpr auto messages = std::to_array<std::string_view>(
        {"command not found", ": not found", "executable file not found", "OCI runtime exec failed",
         "No such file or directory", "is not recognized as"});
    constexpr auto tools =
        std::to_array<std::string_view>({"ss:", "netstat:", "\"ss\"", "\"netstat\"", "'ss'", "'netstat'",
                                         "/ss:", "/netstat:", "exec failed"});
    const auto stands_there = [&](std::string_view part) { return has(line, part); };
    return std::any_of(messages.begin(), messages.end(), stands_there) &&
           std::any_of(tools.begin(), tools.end(), stands_there);
}

bool is_setting(std::string_view line) {
    constexpr auto roots = std::to_array<std::string_view>({"net.", "fs.", "kernel.", "vm."});
    return has(line, "=") && std::any_of(roots.begin(), roots.end(),
                                         [&](std::string_view root) { return line.starts_with(root); });
}

bool is_of_conntrack(std::string_view line) {
    return has(line, " src=") && has(line, " dst=") && has(line, " sport=");
}

bool is_counter(std::string_view line) {
    return line == "#kernel" || has(line, "active connection openings") ||
           (line.starts_with("Tcp") && base::words(line).size() == 3 && !has(line, ":"));
}

bool is_csv(std::string_view line) {
    return (line.starts_with("State") || line.starts_with("\"State\"") || line.starts_with("Netid")) &&
           (has(line, ",") || has(line, ";"));
}

std::optional<std::string> kind_of_line(std::string_view line) {
    if (is_missing_command(line)) {
        return "no ss there (" + base::printable(line.substr(0, 60)) +
               "): run there cat /proc/net/tcp /proc/net/tcp6";
    }
    if (has(line, "unable to upgrade connection") || line.starts_with("Error from server") ||
        line.starts_with("Error response from daemon") || has(line, "Permission denied (")) {
        return "only the message of a command that failed: " + base::printable(line.substr(0, 100));
    }
    if (line.starts_with("COMMAND ") && has(line, " PID ")) {
        return "the list of lsof, which has no TIME_WAIT and repeats shared sockets" +
               std::string(run_instead);
    }
    if (is_of_conntrack(line)) {
        return "the table of conntrack: connections through the firewall, no sockets" +
               std::string(run_instead);
    }
    if (is_counter(line)) {
        return "counters of nstat or netstat -s, no sockets" + std::string(run_instead);
    }
    if (is_csv(line)) {
        return "a table with commas, which no tool prints: paste what ss printed, or" +
               std::string(run_instead.substr(1));
    }
    if (line.starts_with("TCP: inuse ") || (line.starts_with("TCP:") && has(line, "(estab "))) {
        return fmt::format("only the {}, which has no connections in it: {}{}",
                           has(line, "(estab ") ? "summary of ss -s" : "sums of sockstat",
                           base::printable(base::trim(line.substr(4)).substr(0, 100)), run_instead);
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> kind_of_text(std::string_view content) {
    constexpr std::size_t enough = std::size_t{64} << 10;
    Lines lines(content.substr(0, enough));
    std::string_view line;
    std::size_t settings = 0;
    while (lines.next(line)) {
        line = base::trim(line);
        if (auto kind = kind_of_line(line)) {
            return kind;
        }
        settings += is_setting(line) ? 1 : 0;
    }
    return settings > 0
               ? std::optional<std::string>(
                     "only settings of sysctl and no sockets: tcpadvisor audit --files FILE judges them")
               : std::nullopt;
}

} // namespace replay
