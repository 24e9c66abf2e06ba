#include "kernel/proc_table_edit.h"

#include "base/text.h"
#include "kernel/proc_tcp.h"

#include <cstring>

#include <fmt/format.h>

namespace kernel {
namespace {

using snapshot::Family;

/// As the kernel prints it: each 32-bit word as a number of its own byte order.
std::string hexadecimal(const snapshot::Address& address, Family family) {
    const auto bytes = address.bytes();
    std::string text;
    for (std::size_t at = family == Family::ipv4 ? 12 : 0; at < bytes.size(); at += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, &bytes[at], sizeof word);
        fmt::format_to(std::back_inserter(text), "{:08X}", word);
    }
    return text;
}

bool is_heading(std::string_view line) {
    return base::trim(line).starts_with("sl ") && line.find("local_address") != std::string_view::npos &&
           line.size() < 300;
}

std::string replaced(std::string_view line, const AddressMap& other) {
    const auto words = base::words(line);
    if (words.size() < 3) {
        return "?";
    }
    constexpr std::size_t v4_width = 8 + 1 + 4;
    const Family family = words[1].size() == v4_width ? Family::ipv4 : Family::ipv6;
    const auto socket = parse_proc_line(line, family);
    if (!socket) {
        return "?";
    }
    std::string text(line);
    const std::size_t width = family == Family::ipv4 ? 8 : 32;
    const auto put = [&](std::string_view word, const snapshot::Address& address) {
        text.replace(static_cast<std::size_t>(word.data() - line.data()), width, hexadecimal(other(address), family));
    };
    put(words[1], socket->local);
    put(words[2], socket->remote);
    return text;
}

} // namespace

std::string replace_in_proc_table(std::string_view text, const AddressMap& other) {
    std::vector<std::string> lines;
    for (const std::string_view line : base::split(text, '\n')) {
        const bool stays = line.empty() || is_heading(line);
        lines.push_back(stays ? std::string(line) : replaced(line, other));
    }
    return base::join(lines, "\n");
}

} // namespace kernel
