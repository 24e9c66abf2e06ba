// The text of a file of sysctls: which of its lines a boot would read. Knows sysctl.conf, `sysctl -a`, tuned,
// YAML and commands in scripts; knows nothing of other files.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace replay {

/// A line that a boot would read: an assignment, or one that was meant as such.
struct SettingLine {
    std::string text;
    std::size_t line = 0;     // of the file, counted from 1
    bool is_variable = false; // its value is filled in later, by a template
    std::size_t host = 0;     // what has another number is of another network namespace
};

/// A sysctl that a line names in a form that is not read.
struct NamedOnly {
    std::string name;
    std::size_t line = 0;
};

/// One file, whatever its format.
struct SettingsText {
    std::vector<SettingLine> lines;
    bool is_dump = false;                // of `sysctl -a`: what is not in it is not known
    std::string kernel;                  // the release that it names; may be empty
    std::vector<std::string> profiles;   // of tuned: what it includes, and wins over
    std::vector<NamedOnly> named_only;   // may set or unset anything
    std::vector<std::string> as_written; // every line of the file
};

/// The error of read_settings() about a text of something else.
constexpr std::string_view nothing_set = "no sysctl is set in it";

/// Filled in by another program before it is applied: no value of a sysctl has such characters.
bool is_variable(std::string_view value);

/// "name = value" of a line; an empty name if it is none.
std::pair<std::string_view, std::string_view> assignment_in(std::string_view line);

/// An error if it is no text, or has neither a setting nor the name of a sysctl in a format that has other
/// things as well. `name` tells the format where the content does not; empty: it is a sysctl.conf.
base::Result<SettingsText> read_settings(std::string content, std::string_view name);

} // namespace replay
