#include "replay/repository_files.h"

#include "base/text.h"
#include "replay/sysctl_commands.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace replay {
namespace {

template <std::size_t Count>
bool ends_as(std::string_view name, const std::array<std::string_view, Count>& ends) {
    return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return name.ends_with(end); });
}

/// "tcpadvisor.1": a name with no other dot, and a section.
bool is_manual_page(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot != std::string_view::npos && dot > 0 && dot + 2 == name.size() && name.back() >= '1' &&
           name.back() <= '9' && name.find('.') == dot;
}

/// The first sysctl of one line.
std::optional<std::string> sysctl_in(std::string_view line) {
    if (auto named = sysctls_named_in(line); !named.empty()) {
        return std::move(named.front().name);
    }
    if (auto open = open_setting_in(line)) {
        return open;
    }
    if (auto commands = sysctl_commands_in(line); !commands.empty()) {
        return plain_sysctl_name(commands.front().name);
    }
    const std::string name = plain_sysctl_name(assignment_in(line).first);
    return snapshot::find_sysctl(name) != nullptr ? std::optional(name) : std::nullopt;
}

} // namespace

bool is_version_control(std::string_view name) {
    constexpr auto names =
        std::to_array<std::string_view>({".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"});
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_set_aside(std::string_view name) {
    constexpr auto ends = std::to_array<std::string_view>({".md", ".rst", ".adoc", ".txt"});
    constexpr auto starts = std::to_array<std::string_view>({"readme", "license", "changelog", "changes."});
    constexpr auto copies = std::to_array<std::string_view>(
        {"~", ".bak", ".old", ".orig", ".disabled", ".rpmsave", ".rpmorig", ".dpkg-old", ".dpkg-bak"});
    const std::string lower = base::lower_ascii(name);
    return ends_as(lower, ends) || ends_as(lower, copies) || is_manual_page(lower) ||
           std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return lower.starts_with(start); });
}

std::optional<NamedOnly> first_sysctl(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        return std::nullopt; // no text
    }
    EncodedFile encoded;
    std::size_t number = 0;
    for (const std::string_view line : base::split(text, '\n')) {
        ++number;
        auto name = sysctl_in(line);
        if (name || (name = encoded.take(line, number))) {
            return NamedOnly{std::move(*name), number};
        }
    }
    return std::nullopt;
}

} // namespace replay
