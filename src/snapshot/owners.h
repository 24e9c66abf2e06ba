// Who holds sockets: processes by descriptor, control groups by number. As the kernel told it: a process and
// whoever may make control groups choose these names, so they are any bytes, and are made printable where
// text is made of them.
#pragma once

#include "base/gap.h"
#include "base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace snapshot {

struct Process {
    std::uint32_t pid = 0;
    std::uint32_t uid = 0;                   // effective; 0 too if the process may not be dumped
    std::string command;                     // /proc/PID/comm
    std::string cgroup;                      // path of its control group; empty if it tells nothing
    std::optional<std::uint64_t> file_limit; // soft limit of open files; none if unknown or unlimited
    std::optional<std::uint64_t> open_files; // since 6.2
    std::optional<std::uint64_t> file_limit_hard = {}; // how far `file_limit` can be raised without privilege

    bool operator==(const Process&) const = default;
};

struct Holder {
    std::uint32_t inode = 0;   // of the socket
    std::uint32_t process = 0; // number of the Process
    std::uint32_t descriptor = 0;

    bool operator==(const Holder&) const = default;
};

struct Holders {
    std::vector<Process> processes;
    std::vector<Holder> sockets; // by inode; each once, for the first process that was seen with it
    /// A socket has no holder here and not every process was looked at; says what would help.
    std::optional<base::Gap> unseen;

    /// The holder of the socket; null if none is known. No process holds inode 0, a closed socket.
    const Holder* find(std::uint32_t inode) const;

    bool operator==(const Holders&) const = default;
};

/// The number of the root group: on hosts with version 1 alone every socket has it, and it tells nothing.
constexpr std::uint64_t root_cgroup = 1;

/// The path of a control group below the root of its hierarchy ("/system.slice/nginx.service"), by number.
using CgroupPaths = std::map<std::uint64_t, base::Result<std::string, base::Gap>>;

struct Owners {
    Holders holders;
    CgroupPaths cgroups;

    /// The path of the control group; null if there is no number or its path is not known.
    const std::string* cgroup_path(std::optional<std::uint64_t> number) const;
};

/// A socket whose holder is looked for; `in_passing` ones do not make the search go on.
struct WantedSocket {
    enum class Urgency : std::uint8_t { needed, in_passing };
    std::uint32_t inode = 0;
    std::uint32_t uid = 0; // processes of this user are looked at first
    Urgency urgency = Urgency::needed;
    /// Of those that share it the one that accepts is meant: of a server that has forked, a child.
    bool is_listener = false;
};

} // namespace snapshot
