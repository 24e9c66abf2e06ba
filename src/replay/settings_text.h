// The text of a file of sysctls: which of its lines a boot would read. Knows sysctl.conf, `sysctl -a`, tuned
// and YAML; knows nothing of other files.
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
};

/// One file, whatever its format.
struct SettingsText {
    std::vector<SettingLine> lines;
    bool is_dump = false;                // of `sysctl -a`: what is not in it is not known
    std::string kernel;                  // the release that it names; may be empty
    std::vector<std::string> profiles;   // of tuned: what it includes, and wins over
    std::vector<std::string> as_written; // every line of the file
};

/// Filled in by another program before it is applied: no value of a sysctl has such characters.
bool is_variable(std::string_view value);

/// "name = value" of a line; an empty name if it is none.
std::pair<std::string_view, std::string_view> assignment_in(std::string_view line);

/// An error if it is no text, or has no setting in a format that has other things as well. `name` tells YAML
/// from plain lines where the content does not.
base::Result<SettingsText> read_settings(std::string content, std::string_view name);

} // namespace replay
