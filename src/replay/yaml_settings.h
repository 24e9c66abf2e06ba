// The sysctls in a text of YAML or JSON, wherever they stand in it: a mapping from names to values, as
// Ansible has it, and mappings with a name and a value, as pods have them. Nothing is expanded: an alias is
// no value. Knows no other format, and the library stays in the one file.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

struct YamlSetting {
    std::string name; // as written: dots or slashes
    std::string value;
    std::size_t line = 0; // of the value, counted from 1
};

/// Does it look like the name of a sysctl: "net.ipv4.tcp_tw_reuse", "vm/swappiness"?
bool is_sysctl_name(std::string_view text);

/// In the order of the text. An error says what is wrong with it, and where; or that this build reads no
/// YAML.
base::Result<std::vector<YamlSetting>> read_yaml_settings(std::string_view text);

} // namespace replay
