// The sysctls in a text of YAML or JSON, wherever they stand in it: a mapping from names to values, as
// Ansible has it, mappings with a name and a value, as pods have them, and commands in texts. Nothing is
// expanded: an alias is no value. Knows no other format, and the library stays in the one file.
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
    std::size_t host = 0; // what has another number is of another network namespace
};

/// A name that was understood, set or not, and the lines where it stands.
struct YamlName {
    std::string name; // with dots
    std::size_t first = 0;
    std::size_t last = 0;
};

struct YamlSettings {
    std::vector<YamlSetting> settings; // in the order of the text
    std::vector<YamlName> names;
};

/// Does it look like the name of a sysctl: "net.ipv4.tcp_tw_reuse", "vm/swappiness"?
bool is_sysctl_name(std::string_view text);

/// An error says what is wrong with it, and where; or that this build reads no YAML.
base::Result<YamlSettings> read_yaml_settings(std::string_view text);

} // namespace replay
