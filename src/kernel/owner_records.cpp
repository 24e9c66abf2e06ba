#include "kernel/owner_records.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace kernel {
namespace {

constexpr std::string_view unknown = "-";
constexpr std::size_t longest_process = 8192;

std::string number_text(const std::optional<std::uint64_t>& number) {
    return number ? std::to_string(*number) : std::string(unknown);
}

/// False if the text is neither a number nor the sign for an unknown one.
bool parse_number(std::string_view text, std::optional<std::uint64_t>& number) {
    number = base::parse_unsigned(text);
    return number || text == unknown;
}

std::optional<std::uint32_t> parse_32_bits(std::string_view text) {
    const auto number = base::parse_unsigned(text);
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

} // namespace

std::string process_text(const snapshot::Process& process) {
    std::string text = std::to_string(process.uid);
    for (const std::string& part : {number_text(process.file_limit), number_text(process.open_files),
                                    process.cgroup, process.command}) {
        text += '\0';
        text += part;
    }
    return text;
}

std::string holders_text(const std::vector<snapshot::Holder>& holders) {
    std::string text;
    for (const snapshot::Holder& holder : holders) {
        fmt::format_to(std::back_inserter(text), "{} {} {}\n", holder.inode, holder.process,
                       holder.descriptor);
    }
    return text;
}

bool add_process(std::string_view pid, std::string_view text, snapshot::Holders& holders) {
    snapshot::Process process;
    const auto number = parse_32_bits(pid);
    const auto parts = base::split(text, '\0');
    if (!number || *number == 0 || text.size() > longest_process || parts.size() != 5) {
        return false;
    }
    const auto uid = parse_32_bits(parts[0]);
    if (!uid || !parse_number(parts[1], process.file_limit) || !parse_number(parts[2], process.open_files)) {
        return false;
    }
    process.pid = *number;
    process.uid = *uid;
    process.cgroup = parts[3];
    process.command = parts[4];
    holders.processes.push_back(std::move(process));
    return true;
}

bool add_holders(std::string_view text, snapshot::Holders& holders) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return false;
        }
        const auto parts = base::split(text.substr(0, end), ' ');
        text.remove_prefix(end + 1);
        if (parts.size() != 3) {
            return false;
        }
        const auto inode = parse_32_bits(parts[0]);
        const auto process = parse_32_bits(parts[1]);
        const auto descriptor = parse_32_bits(parts[2]);
        const std::uint32_t last = holders.sockets.empty() ? 0 : holders.sockets.back().inode;
        if (!inode || *inode <= last || !process || *process >= holders.processes.size() || !descriptor) {
            return false;
        }
        holders.sockets.push_back({*inode, *process, *descriptor});
    }
    return true;
}

} // namespace kernel
