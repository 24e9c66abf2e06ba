// Finds the network namespaces of a host by everything that can hold one: names, processes, their threads and
// descriptors, and mounts. The kernel (before 6.19) has no list of them. What could not be looked at is a
// gap.
#pragma once

#include "base/gap.h"
#include "kernel/visitor.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace kernel {

inline constexpr const char* own_netns = "/proc/self/ns/net";
inline constexpr const char* names_directory = "/run/netns";

/// A network namespace that a name, a process or a mount leads to.
struct NamedNetns {
    ClosedNetns closed;
    std::string label;
    pid_t process = 0; // the first one in it, or that holds it; 0: none was seen
};

/// How far threads and descriptors are looked at: as long as there are few of them, or all.
enum class Depth { few, all };

/// A network namespace that a mount holds.
struct NetnsMount {
    std::uint64_t number;
    std::string point;
};
/// Those of a text of /proc/PID/mountinfo.
std::vector<NetnsMount> netns_mounts_in(std::string_view mountinfo);

/// Does /proc hide processes of others completely, by these lines of /proc/self/mountinfo?
bool hides_processes(std::string_view mountinfo);

/// Every namespace but the own one, and the processes that hide theirs.
class NetnsSearch {
  public:
    NetnsSearch(Depth depth, Deadline deadline);

    const std::vector<NamedNetns>& found() const { return found_; }
    const std::vector<pid_t>& hidden() const { return hidden_; }
    /// Where namespaces may be that were not found.
    const std::vector<base::Gap>& gaps() const { return gaps_; }

    /// The witnesses of the namespaces of all other processes.
    std::set<std::uint64_t> witnesses() const;

  private:
    void find_names();
    void find_processes();
    void find_mounts();
    void find_in_mountinfo(const std::string& mountinfo, const std::string& root, pid_t process);
    void find_inside(pid_t pid);
    void find_threads(pid_t pid);
    void find_descriptors(pid_t pid);
    void find_strangers();
    void add_process(pid_t pid, std::uint64_t number, std::string path);
    void add_path(std::uint64_t number, std::string path, std::string_view label, pid_t process);
    NamedNetns* add(std::uint64_t number, std::string path);
    void name(NamedNetns& netns, pid_t process);
    bool may_look();

    Depth depth_;
    Deadline deadline_;
    std::size_t looks_ = 0; // at threads and descriptors
    bool late_ = false;
    std::vector<std::string> pods_;
    std::vector<NamedNetns> found_;
    std::set<std::uint64_t> known_;
    std::vector<pid_t> visible_;
    std::vector<pid_t> hidden_;
    std::size_t closed_ = 0; // processes whose threads or descriptors may not be seen
    std::vector<base::Gap> gaps_;
};

/// A file that everybody can see of every process: each namespace has its own, with an inode number of its
/// own (Linux 6.18, fs/proc/generic.c: proc_register).
std::string witness(std::string_view process);

std::string netns_file_of(pid_t process);

/// The name of a pod or a container, or "pid N".
std::string label_of(pid_t process);

} // namespace kernel
