// Files of sysctls that are judged without a host: from paths to configurations, each of them a machine.
// Touches nothing of the machine that the program runs on.
#pragma once

#include "base/result.h"
#include "kernel/machine.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace replay {

struct Settings {
    std::vector<kernel::Target> targets; // one for each path: what is named together is not one host
    std::map<std::string, std::vector<std::string>> lines; // of each file, by its name as it is shown
    std::vector<std::string> left_out; // of directories: files that were not judged, and why
};

/// Each of `paths` is a file, a directory sysctl.d, or the root directory of an image; `root` is the latter.
/// `kernel` is the release that the files are for; empty: the one that they name, else the newest known.
base::Result<Settings> open_settings(const std::vector<std::string>& paths,
                                     const std::optional<std::string>& root, const std::string& kernel);

} // namespace replay
