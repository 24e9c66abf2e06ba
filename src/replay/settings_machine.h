// A machine that answers as a kernel that had booted with some files of sysctls. What they leave open is not
// known; touches nothing of the machine that the program runs on.
#pragma once

#include "base/gap.h"
#include "kernel/machine.h"
#include "kernel/sysctl_history.h"
#include "replay/settings_text.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// What the machines of such files call themselves.
constexpr std::string_view settings_source = "files of settings";
/// The same of `sysctl -a`, where what is not told is not known.
constexpr std::string_view dump_source = "a dump of sysctl -a";
/// Why they have no answer to most questions.
constexpr std::string_view untold_by_settings = "files of settings do not tell it";

/// A file under the path where a boot would find it.
struct PlacedFile {
    std::string shown; // as it is shown to people
    SettingsText settings;
    std::optional<base::Gap> unread;
};

/// By that path.
using PlacedFiles = std::map<std::string, PlacedFile>;

/// The modules of an image and what loads them at boot.
struct ImageModules {
    std::map<std::string, std::string> load_files = {}; // of modules-load.d, by their paths
    std::set<std::string> built_in = {};                // with '_' for '-'
    std::set<std::string> loadable = {};
};

/// One configuration, as a host would have booted with it.
struct Configuration {
    std::string label;
    PlacedFiles files = {};
    bool by_systemd = false;
    std::string kernel = {};                  // the release that it is for; may be empty
    std::vector<base::Gap> open = {};         // what belongs to it and was not read: it may set anything else
    std::optional<ImageModules> modules = {}; // none: not told
};

/// Under a kernel of `release`.
std::unique_ptr<kernel::Machine> machine_of(Configuration configuration, kernel::Release release);

} // namespace replay
