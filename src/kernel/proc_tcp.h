// The fallback without sock_diag: the text of /proc/net/tcp and /proc/net/tcp6 as sockets. It has no ages, no
// cookies, no backlogs, no bound sockets, and does not say which ports were bound explicitly.
#pragma once

#include "snapshot/socket.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kernel {

/// One line of the table; none if it is not exactly what the kernel prints. The family decides the address
/// length.
std::optional<snapshot::Socket> parse_proc_line(std::string_view line, snapshot::Family family);

/// Hands each socket of the whole text to `sink`; returns the number of lines that made no sense. The first
/// line is the heading.
template <typename Sink>
std::uint64_t read_proc_table(std::string_view text, snapshot::Family family, Sink&& sink) {
    std::uint64_t malformed = text.find("local_address") < text.find('\n') ? 0 : 1;
    while (true) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return malformed + (text.empty() ? 0 : 1); // a cut line
        }
        text.remove_prefix(end + 1);
        const std::string_view line = text.substr(0, text.find('\n'));
        if (line.empty() || line.size() == text.size()) {
            continue;
        }
        if (const auto socket = parse_proc_line(line, family)) {
            sink(*socket);
        } else {
            ++malformed;
        }
    }
}

} // namespace kernel
