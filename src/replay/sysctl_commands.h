// What a line of a script, or of another program's file, does to sysctls: the commands in it that set some,
// and the names of sysctls that stand in it in whatever form. Runs nothing and expands nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

struct CommandSetting {
    std::string name; // as written: dots or slashes
    std::string value;
    bool of_container = false; // `--sysctl`: of a network namespace of its own
    bool is_absent = false;    // taken away, not set
};

/// `sysctl -w NAME=VALUE`, `--sysctl NAME=VALUE` and `echo VALUE > /proc/sys/...`, as a shell reads them.
std::vector<CommandSetting> sysctl_commands_in(std::string_view line);

/// "name=NAME value=VALUE" of the module sysctl of Ansible; none if it is anything else.
std::optional<CommandSetting> sysctl_task_in(std::string_view text);

struct NamedSysctl {
    std::string name; // with dots
    bool is_told =
        false; // a word of a sentence or of a pattern, or a variable called so: no setting by itself
};

/// The sysctls of the network that a line names, behind no sign of a comment.
std::vector<NamedSysctl> sysctls_named_in(std::string_view line);

/// "net/ipv4/x" and "-net.ipv4.x" as "net.ipv4.x".
std::string plain_sysctl_name(std::string_view name);

} // namespace replay
