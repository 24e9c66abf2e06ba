// What a line of a script, or of another program's file, does to sysctls: the commands in it that set some,
// and the names of sysctls that stand in it in whatever form. Runs nothing and expands nothing.
#pragma once

#include <cstddef>
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

/// "sysctl -w {{ $name }}=1": it may set anything. The command with its name; none if it is another one.
std::optional<std::string> open_setting_in(std::string_view line);

/// A file of sysctls whose content stands in base64 beside its path, as in cloud-init and Ignition.
class EncodedFile {
  public:
    /// Line by line from the first, 1: the path, where both are known.
    std::optional<std::string> take(std::string_view line, std::size_t number);

  private:
    std::string path_;
    std::size_t path_line_ = 0;
    std::size_t content_line_ = 0;
};

/// "net/ipv4/x" and "-net.ipv4.x" as "net.ipv4.x".
std::string plain_sysctl_name(std::string_view name);

} // namespace replay
