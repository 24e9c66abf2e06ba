#include "kernel/proc_text.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>

namespace kernel {

std::optional<MountLine> mount_line(std::string_view line) {
    MountLine mount{base::words(line), 0};
    const auto dash = std::find(mount.fields.begin(), mount.fields.end(), "-");
    mount.tail = static_cast<std::size_t>(dash - mount.fields.begin()) + 1;
    return mount.tail > 5 && mount.tail + 2 < mount.fields.size() ? std::optional(std::move(mount))
                                                                  : std::nullopt;
}

std::string without_octal_escapes(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto is_octal = [&](std::size_t place) {
            return place < text.size() && text[place] >= '0' && text[place] <= '7';
        };
        if (text[at] == '\\' && is_octal(at + 1) && is_octal(at + 2) && is_octal(at + 3)) {
            plain.push_back(static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 +
                                              (text[at + 3] - '0')));
            at += 3;
        } else {
            plain.push_back(text[at]);
        }
    }
    return plain;
}

std::optional<std::uint64_t> number_in_link(std::string_view link, std::string_view kind) {
    if (!link.starts_with(kind) || !link.substr(kind.size()).starts_with(":[") || !link.ends_with(']')) {
        return std::nullopt;
    }
    link.remove_prefix(kind.size() + 2);
    link.remove_suffix(1);
    return base::parse_unsigned(link);
}

std::optional<std::uint32_t> pid_in(std::string_view name) {
    if (name.empty() || name.front() < '1' || name.front() > '9') {
        return std::nullopt;
    }
    const auto pid = base::parse_unsigned(name);
    return pid && *pid <= INT32_MAX ? std::optional(static_cast<std::uint32_t>(*pid)) : std::nullopt;
}

} // namespace kernel
