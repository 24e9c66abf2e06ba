// Which sysctls of net.ipv4 and net.core a kernel of some release has, what they begin with and which values
// they take, for files that are judged for another kernel than the one that runs. Knows no file.
#pragma once

#include "snapshot/sysctls.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// The mainline release: what a distribution brought back into an older one is not known.
struct Release {
    int first = 0;
    int second = 0;
    auto operator<=>(const Release&) const = default;
};

/// "5.14.0-427.el9.x86_64" and "5.14"; none for anything else.
std::optional<Release> parse_release(std::string_view text);

/// The newest one that the list knows; later ones are taken for the same.
constexpr Release newest_release{6, 18};

/// The oldest one that the program is meant for; docs/kernels.md says which were tried.
constexpr Release oldest_release{5, 10};

/// The names in /proc/sys/net/ipv4 or /proc/sys/net/core, without its directories; none for others.
std::optional<std::vector<std::string>> sysctls_in(std::string_view directory, Release release);

/// Does such a kernel have it? What comes with a module counts as there.
bool has_sysctl(const snapshot::SysctlInfo& info, Release release);

/// What it begins with; none if that depends on the machine.
std::optional<std::string> default_of(const snapshot::SysctlInfo& info, Release release);

/// Is the number that somebody writes within the bounds of the kernel? Yes if none are known.
bool in_bounds(const snapshot::SysctlInfo& info, std::string_view text, Release release);

/// The name that took over from an older one, or another way to write it; empty if there is none.
std::string_view successor_of(std::string_view name);

} // namespace kernel
