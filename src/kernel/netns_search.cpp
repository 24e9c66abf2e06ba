#include "kernel/netns_search.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/nsid.h"
#include "kernel/pods.h"
#include "kernel/privileges.h"
#include "kernel/proc_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace kernel {

namespace {

constexpr std::size_t most_mountinfo = std::size_t{16} << 20;

base::Result<std::vector<pid_t>, base::Gap> processes() {
    std::vector<pid_t> pids;
    const auto entries = base::list_directory("/proc", "");
    if (!entries) {
        return entries.error();
    }
    for (const std::string& entry : *entries) {
        if (const auto pid = pid_in(entry)) {
            pids.push_back(static_cast<pid_t>(*pid));
        }
    }
    if (pids.empty()) {
        return base::Gap{"/proc", base::Why::failed, "shows no process"};
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

bool is_initial_pid_namespace() {
    constexpr std::uint64_t initial = 0xEFFFFFFC; // PROC_PID_INIT_INO
    const std::uint64_t number = number_of("/proc/self/ns/pid");
    return number == initial || number == 0;
}

std::string of_process(pid_t pid, std::string_view file) {
    return fmt::format("/proc/{}/{}", pid, file);
}

} // namespace

std::string witness(std::string_view process) {
    return fmt::format("/proc/{}/net/tcp", process);
}

std::string netns_file_of(pid_t process) {
    return of_process(process, "ns/net");
}

std::vector<NetnsMount> netns_mounts_in(std::string_view mountinfo) {
    std::vector<NetnsMount> mounts;
    for (const std::string_view line : base::split(mountinfo, '\n')) {
        if (line.find(" net:[") == std::string_view::npos) {
            continue;
        }
        const auto mount = mount_line(line);
        if (const std::uint64_t number = mount ? number_in_link(mount->root(), "net").value_or(0) : 0;
            number != 0) {
            mounts.push_back({number, without_octal_escapes(mount->point())});
        }
    }
    return mounts;
}

bool hides_processes(std::string_view mountinfo) {
    bool hides = false;
    for (const std::string_view line : base::split(mountinfo, '\n')) {
        const auto mount = mount_line(line);
        if (!mount || mount->point() != "/proc" || mount->type() != "proc") {
            continue;
        }
        hides = false; // the last mount there counts
        for (const std::string_view option : base::split(mount->fields.back(), ',')) {
            hides = hides || option == "hidepid=2" || option == "hidepid=invisible" ||
                    option == "hidepid=4" || option == "hidepid=ptraceable";
        }
    }
    return hides;
}

NetnsSearch::NetnsSearch(Depth depth, Deadline deadline)
    : depth_(depth), deadline_(deadline),
      pods_(base::list_directory(pod_logs, "").value_or(std::vector<std::string>())), known_{number_of(
                                                                                                 own_netns),
                                                                                             0} {
    const RaisedCapabilities raised;
    find_names();
    find_processes();
    find_mounts();
    for (const pid_t pid : visible_) {
        find_inside(pid);
    }
    if (late_) {
        gaps_.push_back(out_of_time("threads and descriptors of processes"));
    }
    if (closed_ > 0 && depth_ == Depth::all) {
        gaps_.push_back(
            {fmt::format("threads and descriptors of {} {}", closed_, closed_ == 1 ? "process" : "processes"),
             base::Why::denied,
             "they may hold network namespaces; needs CAP_SYS_PTRACE and "
             "CAP_DAC_READ_SEARCH"});
    }
    if (depth_ == Depth::all) {
        find_strangers();
    }
}

std::set<std::uint64_t> NetnsSearch::witnesses() const {
    std::set<std::uint64_t> seen = {number_of(witness("self"))};
    for (const pid_t pid : visible_) {
        seen.insert(number_of(witness(std::to_string(pid))));
    }
    return seen;
}

void NetnsSearch::find_names() {
    const auto names = base::list_directory(names_directory, "");
    if (!names) {
        if (names.error().why != base::Why::absent) {
            gaps_.push_back(names.error());
        }
        return;
    }
    for (const std::string& name : *names) {
        const std::string path = std::string(names_directory) + "/" + name;
        errno = 0;
        if (const std::uint64_t number = number_of(path); number != 0) {
            add_path(number, path, name, 0);
        } else if (!has_ended(errno)) {
            gaps_.push_back({path, base::why_of(errno), base::error_text(errno)});
        }
    }
}

void NetnsSearch::find_processes() {
    const auto pids = processes();
    if (!pids) {
        gaps_.push_back(pids.error());
        return;
    }
    for (const pid_t pid : *pids) {
        errno = 0;
        const std::uint64_t number = number_of(netns_file_of(pid));
        if (number != 0) {
            visible_.push_back(pid);
            add_process(pid, number, netns_file_of(pid));
        } else if (!has_ended(errno)) {
            hidden_.push_back(pid);
        }
    }
    // What even CAP_SYS_PTRACE does not open (a security module guards it) stays so: the manual names it.
    closed_ = sees_all_processes() ? 0 : hidden_.size();
}

/// One process of each mount namespace speaks for all.
void NetnsSearch::find_mounts() {
    const auto own = base::read_pseudo_file("/proc/self/mountinfo", most_mountinfo);
    if (!own) {
        gaps_.push_back(own.error());
        return;
    }
    find_in_mountinfo(*own, "", 0);
    if (hides_processes(*own) && !sees_all_processes()) {
        gaps_.push_back({"the processes of other users", base::Why::denied,
                         "/proc is mounted with hidepid; needs CAP_SYS_PTRACE"});
    }
    std::set<std::uint64_t> seen = {number_of("/proc/self/ns/mnt"), 0};
    for (const pid_t pid : visible_) {
        if (!seen.insert(number_of(of_process(pid, "ns/mnt"))).second) {
            continue;
        }
        if (std::chrono::steady_clock::now() >= deadline_) {
            gaps_.push_back(out_of_time("mounts of other processes"));
            return;
        }
        const auto mounts = base::read_pseudo_file(of_process(pid, "mountinfo"), most_mountinfo);
        if (mounts) {
            find_in_mountinfo(*mounts, of_process(pid, "root"), pid);
        } else if (mounts.error().why == base::Why::failed && depth_ == Depth::all) {
            gaps_.push_back(mounts.error());
        }
    }
}

void NetnsSearch::find_in_mountinfo(const std::string& mountinfo, const std::string& root, pid_t process) {
    for (const NetnsMount& mount : netns_mounts_in(mountinfo)) {
        const std::string_view point = mount.point;
        add_path(mount.number, root + mount.point, point.substr(point.rfind('/') + 1), process);
    }
}

bool NetnsSearch::may_look() {
    constexpr std::size_t few = 4096;
    constexpr std::size_t between_looks_at_the_clock = 256;
    if (depth_ == Depth::few) {
        return looks_++ < few;
    }
    late_ = late_ ||
            (looks_++ % between_looks_at_the_clock == 0 && std::chrono::steady_clock::now() >= deadline_);
    return !late_;
}

void NetnsSearch::find_inside(pid_t pid) {
    if (may_look()) {
        find_threads(pid);
        find_descriptors(pid);
    }
}

void NetnsSearch::find_threads(pid_t pid) {
    constexpr nlink_t of_one_thread = 3; // the directory, its own name in it, and one thread
    struct stat status {};
    const std::string tasks = of_process(pid, "task");
    if (::stat(tasks.c_str(), &status) != 0 || status.st_nlink <= of_one_thread) {
        return;
    }
    const auto threads = base::list_directory(tasks, "");
    for (std::size_t i = 0; threads && i < threads->size() && may_look(); ++i) {
        const std::string path = tasks + "/" + (*threads)[i] + "/ns/net";
        add_process(pid, number_of(path), path);
    }
}

void NetnsSearch::find_descriptors(pid_t pid) {
    const std::string directory = of_process(pid, "fd");
    const auto names = base::list_directory(directory, "");
    if (!names) {
        closed_ += names.error().why == base::Why::denied ? 1 : 0;
        return;
    }
    const base::Descriptor descriptors(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::array<char, 64> link;
    for (std::size_t i = 0; descriptors && i < names->size() && may_look(); ++i) {
        const ssize_t length =
            ::readlinkat(descriptors.number(), (*names)[i].c_str(), link.data(), link.size());
        const std::uint64_t number =
            length > 0 ? number_in_link({link.data(), static_cast<std::size_t>(length)}, "net").value_or(0)
                       : 0;
        if (number != 0) {
            add_path(number, directory + "/" + (*names)[i], "", pid);
        }
    }
}

/// Namespaces that this one has a link to (veth) and that nothing else leads to.
void NetnsSearch::find_strangers() {
    if (!is_initial_pid_namespace()) {
        gaps_.push_back({"the processes outside of this PID namespace", base::Why::denied,
                         "run it where all processes of the host are seen"});
    }
    const auto neighbours = nsids(deadline_);
    if (!neighbours) {
        gaps_.push_back(neighbours.error());
        return;
    }
    std::set<std::int32_t> left = *neighbours;
    for (const NamedNetns& netns : found_) {
        for (std::size_t i = 0; !left.empty() && i < netns.closed.paths.size(); ++i) {
            const Door door(netns.closed.paths[i]);
            if (door.error() != 0 || door.number() != netns.closed.number) {
                continue; // its process has ended, and another one has the number
            }
            if (const auto id = nsid_of(door.descriptor(), deadline_)) {
                left.erase(*id);
            }
            break;
        }
    }
    if (const base::Descriptor own(::open(own_netns, O_RDONLY | O_CLOEXEC)); own) {
        left.erase(nsid_of(own.number(), deadline_).value_or(-1));
    }
    if (!left.empty()) {
        gaps_.push_back({fmt::format("{} network {} that this one is linked to", left.size(),
                                     left.size() == 1 ? "namespace" : "namespaces"),
                         base::Why::failed, "no process, descriptor or mount that may be seen leads there"});
    }
}

NamedNetns* NetnsSearch::add(std::uint64_t number, std::string path) {
    constexpr std::size_t most_paths = 4; // the process behind one of them may end
    if (known_.insert(number).second) {
        found_.push_back({{number, {std::move(path)}}, "", 0});
        return &found_.back();
    }
    const auto netns = std::find_if(found_.begin(), found_.end(),
                                    [&](const NamedNetns& other) { return other.closed.number == number; });
    if (netns == found_.end()) {
        return nullptr;
    }
    if (netns->closed.paths.size() < most_paths) {
        netns->closed.paths.push_back(std::move(path));
    }
    return &*netns;
}

void NetnsSearch::add_process(pid_t pid, std::uint64_t number, std::string path) {
    NamedNetns* netns = add(number, std::move(path));
    if (netns != nullptr && netns->process == 0) {
        name(*netns, pid);
    }
}

void NetnsSearch::add_path(std::uint64_t number, std::string path, std::string_view label, pid_t process) {
    const std::size_t before = found_.size();
    NamedNetns* netns = add(number, std::move(path));
    if (netns == nullptr || found_.size() == before) {
        return;
    }
    netns->label = label;
    if (process != 0 && label.empty()) {
        name(*netns, process);
    }
}

namespace {

/// A pod has a name even if its namespace has another one (containerd: /run/netns/cni-UUID).
void name_by_process(NamedNetns& netns, const std::vector<std::string>& pods) {
    const auto cgroup = base::read_pseudo_file(of_process(netns.process, "cgroup"), 1 << 16);
    const std::string pod = cgroup ? pod_name(*cgroup, pods) : "";
    const std::string container = cgroup && netns.label.empty() ? container_name(*cgroup) : "";
    if (!pod.empty() || !container.empty()) {
        netns.label = pod.empty() ? container : pod;
    } else if (netns.label.empty()) {
        netns.label = fmt::format("pid {}", netns.process);
    }
}

} // namespace

void NetnsSearch::name(NamedNetns& netns, pid_t process) {
    netns.process = process;
    name_by_process(netns, pods_);
    const auto namesakes = std::count_if(found_.begin(), found_.end(), [&](const NamedNetns& other) {
        return other.label == netns.label; // two namespaces of one pod, for instance
    });
    if (namesakes > 1) {
        netns.label += fmt::format(", pid {}", netns.process);
    }
}

std::string label_of(pid_t process) {
    NamedNetns netns{{0, {netns_file_of(process)}}, "", process};
    name_by_process(netns, base::list_directory(pod_logs, "").value_or(std::vector<std::string>()));
    return netns.label;
}

} // namespace kernel
