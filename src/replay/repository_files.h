// Which files of a repository may set sysctls: those that name one, whatever they are called. Left aside are
// directories of version control, documentation, and copies that editors and packages keep. Knows no format.
#pragma once

#include "replay/settings_text.h"

#include <optional>
#include <string_view>

namespace replay {

/// A directory that a program for versions keeps its own files in.
bool is_version_control(std::string_view name);

/// Nothing is set by it, though it may name sysctls: a text for people, or a copy of what was.
bool is_set_aside(std::string_view name);

/// The first sysctl that a text names or sets, in whatever form; none if it is about other things.
std::optional<NamedOnly> first_sysctl(std::string_view text);

} // namespace replay
