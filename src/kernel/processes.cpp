#include "kernel/processes.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/directory.h"
#include "kernel/proc_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <vector>

#include <fmt/format.h>

namespace kernel {

namespace {

using snapshot::WantedSocket;

constexpr std::string_view what = "who holds the sockets";
constexpr std::string_view needed_rights = "needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, as root has them";

bool is_denial(int error) {
    return error == EACCES || error == EPERM;
}

struct ProcessCandidate {
    std::uint32_t pid = 0;
    std::uint32_t uid = 0;
    bool likely = false;          // of the user of a wanted socket
    std::uint64_t open_files = 0; // 0 before 6.2 (proc_fd_getattr())
};

class Search {
  public:
    Search(const std::string& proc, std::span<const WantedSocket> wanted, Deadline deadline)
        : proc_(::open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), deadline_(deadline) {
        for (const WantedSocket& socket : wanted) {
            const bool needed = socket.urgency == WantedSocket::Urgency::needed;
            wanted_.push_back({socket.inode, needed, false});
            users_.push_back(socket.uid);
            if (socket.is_listener) {
                listeners_.insert(socket.inode);
            }
        }
        // a needed one before its double, so that the first is the one that counts
        std::sort(wanted_.begin(), wanted_.end(), [](const Wanted& a, const Wanted& b) {
            return a.inode != b.inode ? a.inode < b.inode : a.needed > b.needed;
        });
        wanted_.erase(std::unique(wanted_.begin(), wanted_.end(),
                                  [](const Wanted& a, const Wanted& b) { return a.inode == b.inode; }),
                      wanted_.end());
        std::sort(users_.begin(), users_.end());
        users_.erase(std::unique(users_.begin(), users_.end()), users_.end());
        missing_ = static_cast<std::size_t>(
            std::count_if(wanted_.begin(), wanted_.end(), [](const Wanted& w) { return w.needed; }));
    }

    snapshot::Holders run() {
        if (!proc_) {
            found_.unseen = base::Gap{std::string(what), base::Why::failed, "/proc cannot be read"};
            return std::move(found_);
        }
        if (missing_ == 0) {
            return std::move(found_);
        }
        list_processes();
        std::size_t looked_at = 0;
        for (const ProcessCandidate& candidate : candidates_) {
            if (missing_ == 0 || late()) {
                break;
            }
            if (!look_at(candidate, fmt::format("{}/fd", candidate.pid), "../comm") &&
                candidate.open_files == 0) {
                silent_.push_back(candidate.pid);
            }
            ++looked_at;
        }
        look_behind_silent();
        name_children();
        if (missing_ > 0) {
            note_unseen(looked_at);
        }
        std::sort(found_.sockets.begin(), found_.sockets.end(),
                  [](const auto& a, const auto& b) { return a.inode < b.inode; });
        return std::move(found_);
    }

  private:
    struct Wanted {
        std::uint32_t inode;
        bool needed;
        bool found;
    };

    bool late() const { return std::chrono::steady_clock::now() >= deadline_; }

    void list_processes() {
        for_each_entry(proc_, [&](const DirectoryEntry& entry) {
            const auto pid = pid_in(entry.name);
            if (pid) {
                consider(*pid);
            }
            return !late();
        });
        const auto none =
            std::partition(candidates_.begin(), candidates_.end(),
                           [](const ProcessCandidate& candidate) { return candidate.open_files > 0; });
        if (none != candidates_.begin()) { // this kernel tells it
            std::for_each(none, candidates_.end(), [&](const auto& one) { silent_.push_back(one.pid); });
            candidates_.erase(none, candidates_.end());
        }
        std::sort(candidates_.begin(), candidates_.end(),
                  [](const ProcessCandidate& a, const ProcessCandidate& b) {
                      return a.likely != b.likely           ? a.likely > b.likely
                             : a.open_files != b.open_files ? a.open_files > b.open_files
                                                            : a.pid < b.pid;
                  });
    }

    void consider(std::uint32_t pid) {
        saw_init_ = saw_init_ || pid == 1;
        const auto path = fmt::format("{}/fd", pid);
        struct stat status {};
        if (::fstatat(proc_.number(), path.c_str(), &status, 0) != 0) {
            note_denial(pid); // else it is gone
            return;
        }
        candidates_.push_back({pid, status.st_uid,
                               std::binary_search(users_.begin(), users_.end(), status.st_uid),
                               static_cast<std::uint64_t>(status.st_size)});
    }

    void note_denial(std::uint32_t pid) {
        if (is_denial(errno)) {
            denied_.insert(pid);
        }
    }

    base::Descriptor directory(const std::string& path) const {
        return base::Descriptor(::openat(proc_.number(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }

    /// Takes what is wanted of the descriptors at `path`, from which `comm` leads to the name of the process.
    /// False if there are none to be seen.
    bool look_at(const ProcessCandidate& candidate, const std::string& path, const char* comm) {
        const base::Descriptor descriptors = directory(path);
        if (!descriptors) {
            note_denial(candidate.pid);
            return false;
        }
        const std::size_t before = found_.sockets.size();
        bool refused = false;
        std::size_t seen = 0;
        for_each_entry(descriptors, [&](const DirectoryEntry& entry) {
            refused = !take(descriptors, entry.name);
            return !refused && (++seen % 1024 != 0 || !late());
        });
        if (refused) {
            denied_.insert(candidate.pid);
        }
        if (found_.sockets.size() > before && !name_process(descriptors, candidate, comm)) {
            forget_from(before); // it has exited, and closed them all
        }
        return seen > 0;
    }

    /// Threads go on with the descriptors when the first one exits, which then shows none of them. Last of
    /// all, because most of the silent ones are threads of the kernel.
    void look_behind_silent() {
        for (const std::uint32_t pid : silent_) {
            if (missing_ == 0 || late()) {
                break;
            }
            look_behind(pid);
        }
    }

    void look_behind(std::uint32_t pid) {
        const auto path = fmt::format("{}/task", pid);
        struct stat status {};
        constexpr nlink_t one_thread = 3; // kernel: proc_task_getattr()
        if (::fstatat(proc_.number(), path.c_str(), &status, 0) != 0 || status.st_nlink <= one_thread) {
            return;
        }
        denied_.erase(pid); // only the threads tell
        const base::Descriptor threads = directory(path);
        for_each_entry(threads, [&](const DirectoryEntry& entry) {
            const auto thread = pid_in(entry.name);
            const bool seen = thread && *thread != pid && look_at_thread(pid, *thread);
            return !seen && !denied_.contains(pid) && !late();
        });
    }

    bool look_at_thread(std::uint32_t pid, std::uint32_t thread) {
        const auto path = fmt::format("{}/task/{}/fd", pid, thread);
        struct stat status {};
        return ::fstatat(proc_.number(), path.c_str(), &status, 0) == 0 &&
               look_at({pid, status.st_uid, false, static_cast<std::uint64_t>(status.st_size)}, path,
                       "../../../comm");
    }

    /// Where the child of a process has the listening socket as well, it accepts, and the parent waits for
    /// it.
    void name_children() {
        std::map<std::uint32_t, std::size_t> named; // pid -> number of the process
        for (snapshot::Holder& holder : found_.sockets) {
            const auto child = listeners_.contains(holder.inode) ? fullest_child(holder) : std::nullopt;
            if (!child || late()) {
                continue;
            }
            const auto known = named.find(child->pid);
            if (known != named.end()) {
                holder.process = static_cast<std::uint32_t>(known->second);
            } else if (name_process(directory(fmt::format("{}/fd", child->pid)), *child, "../comm")) {
                holder.process = static_cast<std::uint32_t>(found_.processes.size() - 1);
                named.emplace(child->pid, holder.process);
            }
        }
    }

    /// Of the children of the same name that have the same socket at the same descriptor, as a fork leaves
    /// it, the one with most open files: the first to reach the limit.
    std::optional<ProcessCandidate> fullest_child(const snapshot::Holder& holder) const {
        constexpr std::size_t most_children = 1024;
        const std::uint32_t parent = found_.processes[holder.process].pid;
        const std::string children =
            read_at(proc_, fmt::format("{0}/task/{0}/children", parent).c_str(), 16 * most_children)
                .value_or("");
        std::optional<ProcessCandidate> fullest;
        for (const std::string_view word : base::words(children)) {
            const auto pid = pid_in(word);
            struct stat status {};
            if (!pid || late() ||
                ::fstatat(proc_.number(), fmt::format("{}/fd", *pid).c_str(), &status, 0) != 0) {
                continue;
            }
            const auto open_files = static_cast<std::uint64_t>(status.st_size);
            if ((!fullest || open_files > fullest->open_files) && is_fork(*pid, holder)) {
                fullest = {*pid, status.st_uid, false, open_files};
            }
        }
        return fullest;
    }

    bool is_fork(std::uint32_t pid, const snapshot::Holder& holder) const {
        if (read_at(proc_, fmt::format("{}/comm", pid).c_str(), 256).value_or("") !=
            found_.processes[holder.process].command + "\n") {
            return false;
        }
        std::array<char, 64> link;
        const auto path = fmt::format("{}/fd/{}", pid, holder.descriptor);
        const ssize_t size = ::readlinkat(proc_.number(), path.c_str(), link.data(), link.size());
        return size > 0 &&
               number_in_link({link.data(), static_cast<std::size_t>(size)}, "socket") == holder.inode;
    }

    /// False if the process may not be looked at.
    bool take(const base::Descriptor& descriptors, std::string_view name) {
        std::array<char, 64> link; // a longer one is no socket
        const ssize_t size = ::readlinkat(descriptors.number(), name.data(), link.data(), link.size());
        if (size < 0) {
            return !is_denial(errno); // else it was closed, or the process has exited
        }
        const auto inode = number_in_link({link.data(), static_cast<std::size_t>(size)}, "socket");
        if (!inode || *inode > UINT32_MAX) {
            return true;
        }
        const auto number = static_cast<std::uint32_t>(*inode);
        const auto wanted = find(number);
        if (wanted != wanted_.end() && !wanted->found) {
            wanted->found = true;
            missing_ -= wanted->needed ? 1 : 0;
            const auto descriptor = base::parse_unsigned(name).value_or(0);
            found_.sockets.push_back({number, static_cast<std::uint32_t>(found_.processes.size()),
                                      static_cast<std::uint32_t>(descriptor)});
        }
        return true;
    }

    std::vector<Wanted>::iterator find(std::uint32_t inode) {
        const auto at = std::lower_bound(
            wanted_.begin(), wanted_.end(), inode,
            [](const Wanted& wanted, std::uint32_t number) { return wanted.inode < number; });
        return at != wanted_.end() && at->inode == inode ? at : wanted_.end();
    }

    /// False if the process has exited. Its other files are found through the directory that is open, so that
    /// they are of the same process, whoever has its number by now.
    bool name_process(const base::Descriptor& descriptors, const ProcessCandidate& candidate,
                      const char* comm) {
        auto command = read_at(descriptors, comm, 256);
        if (!command) {
            return false;
        }
        if (command->ends_with('\n')) {
            command->pop_back();
        }
        snapshot::Process process;
        process.pid = candidate.pid;
        process.uid = candidate.uid;
        process.command = std::move(*command);
        process.cgroup = cgroup_in(read_at(descriptors, "../cgroup", 65536).value_or(""));
        const std::string limits = read_at(descriptors, "../limits", 8192).value_or("");
        process.file_limit = file_limit_in(limits, Limit::soft);
        process.file_limit_hard = file_limit_in(limits, Limit::hard);
        if (candidate.open_files > 0) {
            process.open_files = candidate.open_files;
        }
        found_.processes.push_back(std::move(process));
        return true;
    }

    void forget_from(std::size_t first) {
        for (std::size_t at = first; at < found_.sockets.size(); ++at) {
            const auto wanted = find(found_.sockets[at].inode);
            wanted->found = false;
            missing_ += wanted->needed ? 1 : 0;
        }
        found_.sockets.resize(first);
    }

    void note_unseen(std::size_t looked_at) {
        if (late()) {
            found_.unseen = out_of_time(std::string(what));
            found_.unseen->detail += fmt::format(" after {} of {} processes", looked_at, candidates_.size());
        } else if (!denied_.empty()) {
            found_.unseen = base::Gap{
                std::string(what), base::Why::denied,
                fmt::format("{} may not be looked at, {}",
                            denied_.size() == 1 ? "1 process" : fmt::format("{} processes", denied_.size()),
                            ::geteuid() == 0 ? "not even by root from here" : needed_rights)};
        } else if (!saw_init_) { // every PID namespace has a process 1
            found_.unseen = base::Gap{
                std::string(what), base::Why::denied,
                fmt::format("/proc hides the processes of other users (hidepid), {}", needed_rights)};
        }
    }

    base::Descriptor proc_;
    Deadline deadline_;
    std::vector<Wanted> wanted_; // by inode
    std::vector<std::uint32_t> users_;
    std::set<std::uint32_t> listeners_; // inodes
    std::size_t missing_ = 0;           // needed and not found
    std::vector<ProcessCandidate> candidates_;
    std::vector<std::uint32_t> silent_; // processes without a descriptor to be seen
    std::set<std::uint32_t> denied_;    // processes
    bool saw_init_ = false;
    snapshot::Holders found_;
};

} // namespace

snapshot::Holders find_holders(const std::string& proc, std::span<const WantedSocket> wanted,
                               Deadline deadline) {
    return Search(proc, wanted, deadline).run();
}

std::optional<std::uint64_t> file_limit_in(std::string_view limits, Limit which) {
    const std::size_t place = which == Limit::soft ? 0 : 1;
    constexpr std::string_view row = "Max open files";
    for (const std::string_view line : base::split(limits, '\n')) {
        if (line.starts_with(row)) {
            const auto numbers = base::words(line.substr(row.size()));
            return numbers.size() <= place ? std::nullopt : base::parse_unsigned(numbers[place]);
        }
    }
    return std::nullopt;
}

std::string_view cgroup_in(std::string_view cgroups) {
    constexpr std::string_view unified = "0::";
    constexpr std::string_view systemd = ":name=systemd:";
    std::string_view second_best;
    for (const std::string_view line : base::split(cgroups, '\n')) {
        if (line.starts_with(unified) && line.size() > unified.size() + 1) {
            return line.substr(unified.size());
        }
        const std::size_t at = line.find(systemd);
        if (at != std::string_view::npos && line.size() > at + systemd.size() + 1) {
            second_best = line.substr(at + systemd.size());
        }
    }
    return second_best;
}

} // namespace kernel
