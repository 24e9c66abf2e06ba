// Where a command at a prompt runs: on another host, in a container or in another network namespace. It is
// known by what stands before the command that prints a table, whoever takes it there.
#pragma once

#include <string>
#include <string_view>

namespace replay {

struct CommandTarget {
    std::string whole;          // tells two targets apart; empty: the shell's own host
    std::string name;           // for people; may be the same for two
    bool prints_table = false;  // ss, netstat or cat runs there
    bool opens_shell = false;   // what is typed next runs there
    bool keeps_prompt = false;  // the shell there may show the same prompt
    bool asks_for_name = false; // the next line is the name of the host
    bool closes_shell = false;  // exit, logout
};

/// Of one line, as somebody typed it. Up to 1 KiB is read.
CommandTarget target_of(std::string_view command);

/// "root@web1:~", "[root@web1 ~]", "web1:~ ": the host in a prompt; empty: none.
std::string_view host_in_prompt(std::string_view prompt);

/// May it be the name of a host, a pod, a container? No number, and no sign but dots and dashes.
bool is_host_name(std::string_view name);

} // namespace replay
