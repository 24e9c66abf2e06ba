// Files of sysctls that are judged without a host: what of each line is a setting, and a machine that answers
// as a kernel that had booted with them. Knows sysctl.conf, `sysctl -a`, tuned and YAML; touches nothing of
// the machine that the program runs on.
#pragma once

#include "base/result.h"
#include "kernel/machine.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// A line that a boot would read: an assignment, or one that was meant as such.
struct SettingLine {
    std::string text;
    std::size_t line = 0; // of the file, counted from 1
};

/// One file, whatever its format.
struct SettingsText {
    std::vector<SettingLine> lines;
    bool is_dump = false; // of `sysctl -a`: what is not in it is not known
    std::string kernel;   // the release that it names; may be empty
    std::vector<base::Gap> gaps;
    std::vector<std::string> as_written; // every line of the file
};

/// An error if it is no text, or has no setting in a format that has other things as well. `name` tells YAML
/// from plain lines where the content does not.
base::Result<SettingsText> read_settings(std::string content, std::string_view name);

/// What the machines of such files call themselves.
constexpr std::string_view settings_source = "files of settings";
/// The same of `sysctl -a`, where what is not told is not known.
constexpr std::string_view dump_source = "a dump of sysctl -a";
/// Why they have no answer to most questions.
constexpr std::string_view untold_by_settings = "files of settings do not tell it";

struct Settings {
    std::vector<kernel::Target> targets; // one for each path: what is named together is not one host
    std::map<std::string, std::vector<std::string>> lines; // of each file, by its name as it is shown
};

/// Each of `paths` is a file, a directory sysctl.d, or the root directory of an image; `root` is the latter.
/// `kernel` is the release that the files are for; empty: the one that they name, else the newest known.
base::Result<Settings> open_settings(const std::vector<std::string>& paths,
                                     const std::optional<std::string>& root, const std::string& kernel);

} // namespace replay
