#include "replay/foreign.h"

#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "kernel/directory.h"
#include "kernel/sock_diag.h"
#include "snapshot/census.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace replay {

using snapshot::Socket;
using snapshot::State;

std::optional<base::Gap> partial(const std::vector<Socket>& sockets) {
    const auto listening = static_cast<std::size_t>(std::count_if(
        sockets.begin(), sockets.end(), [](const Socket& s) { return s.state == State::listen; }));
    if (listening > 0 && listening < sockets.size()) {
        return std::nullopt;
    }
    return base::Gap{"the socket table", base::Why::truncated,
                     listening == 0 ? "no listening socket in it: was it made without -a?"
                                    : "only listening sockets in it: was it made with -l?"};
}

void invent_inodes(std::vector<Socket>& sockets) {
    std::set<std::uint16_t> waited_at; // ports of listeners with somebody in the queue
    for (const Socket& socket : sockets) {
        if (socket.state == State::listen && socket.rqueue > 0) {
            waited_at.insert(socket.local_port);
        }
    }
    std::uint32_t next = 0;
    for (Socket& socket : sockets) {
        const bool may_wait = socket.rqueue > 0 && waited_at.contains(socket.local_port);
        if (socket.inode == 0 && socket.state == State::close_wait && !may_wait) {
            socket.inode = ++next;
        }
    }
}

void Timers::add(Socket& socket) {
    if (socket.timer != snapshot::Timer::none) {
        seen_ = true;
    } else if (socket.state == State::time_wait) {
        missing_ = true;
        socket.expires_ms = snapshot::time_wait_ms;
    } else if (socket.state == State::syn_sent) {
        missing_ = true;
    } else if (socket.state == State::established && socket.wqueue > 0) {
        doubtful_ = true;
    }
}

std::optional<base::Gap> Timers::gap(std::string why) const {
    if (!missing_ && (seen_ || !doubtful_)) {
        return std::nullopt;
    }
    return base::Gap{"the timers", base::Why::not_collected, std::move(why)};
}

std::optional<TextEndPoint> split_end_point(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    TextEndPoint end;
    end.port = text.substr(colon + 1);
    end.address = text.substr(0, colon);
    if (const std::size_t percent = end.address.rfind('%'); percent != std::string_view::npos) {
        end.device = end.address.substr(percent + 1);
        end.address = end.address.substr(0, percent);
        if (end.device.ends_with(']')) { // "[fe80::1%eth0]"
            end.device.remove_suffix(1);
            end.address.remove_prefix(end.address.starts_with('[') ? 1 : 0);
        }
    }
    if (end.address.starts_with('[') && end.address.ends_with(']')) {
        end.brackets = true;
        end.address = end.address.substr(1, end.address.size() - 2);
    }
    return end;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    if (text == "*") {
        return 0;
    }
    const bool digits =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits ? base::parse_port(text) : std::nullopt;
}

std::optional<State> state_named(std::string_view name) {
    constexpr auto names = std::to_array<std::pair<std::string_view, State>>({
        {"LISTEN", State::listen},
        {"ESTAB", State::established},
        {"ESTABLISHED", State::established},
        {"TIME_WAIT", State::time_wait},
        {"CLOSE_WAIT", State::close_wait},
        {"SYN_SENT", State::syn_sent},
        {"SYN_RECV", State::syn_recv},
        {"NEW_SYN_RECV", State::syn_recv},
        {"FIN_WAIT_1", State::fin_wait1},
        {"FIN_WAIT1", State::fin_wait1},
        {"FIN_WAIT_2", State::fin_wait2},
        {"FIN_WAIT2", State::fin_wait2},
        {"LAST_ACK", State::last_ack},
        {"CLOSING", State::closing},
        {"UNCONN", State::bound},
        {"CLOSE", State::close},
        {"BOUND_INACTIVE", State::bound},
    });
    std::string underscored(name);
    std::replace(underscored.begin(), underscored.end(), '-', '_');
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const auto& known) { return known.first == underscored; });
    return found != names.end() ? std::optional(found->second) : std::nullopt;
}

void Complaints::add(std::size_t line, std::string what) {
    if (++count_ == 1) {
        first_ = fmt::format("line {}: {}", line, what);
    }
}

std::string Complaints::text() const {
    return count_ > 1 ? fmt::format("{} (and {} more lines)", first_, count_ - 1) : first_;
}

namespace {

base::Gap gap_of(const std::string& path, int error) {
    const base::Why why = error == ENOENT || error == ENOTDIR ? base::Why::absent
                          : error == EACCES || error == EPERM ? base::Why::denied
                                                              : base::Why::failed;
    return {path, why, std::strerror(error)};
}

} // namespace

base::Result<Tree> Tree::open(const std::string& path) {
    base::Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.number() < 0) {
        return base::Error{path + ": " + std::strerror(errno)};
    }
    return Tree(std::move(root));
}

base::Result<int, base::Gap> Tree::open_inside(const std::string& path, int flags) const {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const long opened = ::syscall(SYS_openat2, root_.number(), path.c_str(), &how, sizeof how);
    if (opened < 0) {
        return gap_of(path, errno);
    }
    return static_cast<int>(opened);
}

snapshot::Reading<std::string> Tree::read(const std::string& path) const {
    const auto opened = open_inside(path, 0);
    if (!opened) {
        return opened.error();
    }
    const base::Descriptor file(*opened);
    return base::read_regular(file, path, most_bytes);
}

snapshot::Reading<std::vector<std::string>> Tree::list(const std::string& path) const {
    const auto opened = open_inside(path, O_DIRECTORY);
    if (!opened) {
        return opened.error();
    }
    const kernel::Descriptor directory(*opened);
    std::vector<std::string> names;
    const bool whole = kernel::for_each_entry(directory, [&](const kernel::DirectoryEntry& entry) {
        if (!entry.name.starts_with('.')) {
            names.emplace_back(entry.name);
        }
        return names.size() < 100'000;
    });
    if (!whole) {
        return gap_of(path, errno);
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool Tree::has(const std::string& path) const {
    const auto opened = open_inside(path, O_PATH);
    if (opened) {
        ::close(*opened);
    }
    return opened.has_value();
}

namespace {

using base::Gap;
using base::Why;

constexpr std::string_view sysctl_root = "/proc/sys/";
constexpr std::string_view range_name = "net.ipv4.ip_local_port_range";

/// Without these the arithmetic goes on, on the side of too few free ports: nothing is reused. Reserved ports
/// are none unless somebody set them.
bool can_do_without(std::string_view sysctl) {
    return sysctl == "net.ipv4.ip_local_reserved_ports" || sysctl == "net.ipv4.tcp_tw_reuse" ||
           sysctl == "net.ipv4.tcp_timestamps" || sysctl == "net.ipv4.tcp_tw_reuse_delay";
}

bool belongs(const Socket& socket, kernel::Walk walk) {
    switch (walk) {
    case kernel::Walk::listeners:
        return socket.state == State::listen;
    case kernel::Walk::connections:
        return socket.state != State::listen && socket.state != State::bound;
    case kernel::Walk::close_waits:
        return socket.state == State::close_wait;
    case kernel::Walk::bound:
        return socket.state == State::bound;
    default:
        return false;
    }
}

std::string dotted_name(std::string_view path) {
    std::string name(path.substr(sysctl_root.size()));
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
}

} // namespace

std::map<std::string, std::string, std::less<>> parse_sysctl_a(std::string_view text) {
    std::map<std::string, std::string, std::less<>> values;
    for (const std::string_view line : base::split(text, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos) {
            values.insert_or_assign(std::string(base::trim(line.substr(0, equals))),
                                    std::string(base::trim(line.substr(equals + 1))));
        }
    }
    return values;
}

ForeignMachine::ForeignMachine(SocketList list, std::optional<Tree> tree)
    : list_(std::move(list)), tree_(std::move(tree)) {
    if (tree_) {
        if (const auto all = tree_->read("sos_commands/kernel/sysctl_-a")) {
            sysctls_ = parse_sysctl_a(*all);
        }
    }
}

Gap ForeignMachine::untold(const std::string& what) const {
    return {what, Why::not_collected, list_.provenance.name + " does not tell it"};
}

snapshot::Reading<std::string> ForeignMachine::read_sysctl(const std::string& path) const {
    const std::string name = dotted_name(path);
    if (const auto found = sysctls_.find(name); found != sysctls_.end()) {
        return found->second + "\n";
    }
    Gap gap = untold(path);
    if (name == range_name) {
        gap.detail += "; --assume ip_local_port_range=\"32768 60999\" goes on with the kernel's default";
    }
    const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
    const bool listed = !sysctls_.empty() && (info == nullptr || !info->everywhere);
    if (listed || can_do_without(name)) {
        gap.why = Why::absent;
    }
    return gap;
}

snapshot::Reading<std::string> ForeignMachine::read_tree(const std::string& path) const {
    constexpr std::string_view net = "/proc/thread-self/net/";
    if (!path.starts_with(net)) {
        return tree_->read(path.substr(1));
    }
    const std::string name = path.substr(net.size());
    for (const char* place : {"proc/net/", "proc/self/net/", "net/", ""}) {
        auto content = tree_->read(place + name);
        if (content || content.error().why != Why::absent) {
            return content;
        }
    }
    return Gap{path, Why::absent, ""};
}

snapshot::Reading<std::string> ForeignMachine::read(const std::string& path) {
    if (tree_) {
        auto content = read_tree(path);
        if (content || content.error().why != Why::absent) {
            return content;
        }
    }
    if (path.starts_with(sysctl_root)) {
        return read_sysctl(path);
    }
    return untold(path);
}

snapshot::Reading<std::vector<std::string>> ForeignMachine::list(const std::string& directory) {
    if (tree_) {
        return tree_->list(directory.substr(1));
    }
    return Gap{directory, Why::absent, list_.provenance.name + " does not tell it"};
}

kernel::Outcome ForeignMachine::dump(std::span<const std::byte> request, const kernel::FrameSink& sink) {
    constexpr std::size_t datagram_size = 32768; // as the kernel fills them
    for (const kernel::Walk walk : {kernel::Walk::listeners, kernel::Walk::connections,
                                    kernel::Walk::close_waits, kernel::Walk::bound}) {
        const auto known = kernel::request_for(walk);
        if (!std::equal(request.begin(), request.end(), known.begin(), known.end())) {
            continue;
        }
        bool any = false;
        std::vector<std::byte> datagram;
        for (Socket socket : list_.sockets) {
            if (!belongs(socket, walk)) {
                continue;
            }
            any = true;
            if (walk == kernel::Walk::connections) {
                socket.activity.reset();
            }
            kernel::append_message(datagram, socket);
            if (datagram.size() > datagram_size) {
                if (!sink(datagram)) {
                    return base::Nothing{};
                }
                datagram.clear();
            }
        }
        if (walk == kernel::Walk::bound && !any) {
            break; // none were told, or none were asked for
        }
        if (walk == kernel::Walk::connections && list_.lost) {
            if (!datagram.empty()) {
                sink(datagram);
            }
            return *list_.lost;
        }
        kernel::append_end(datagram);
        sink(datagram);
        return base::Nothing{};
    }
    return untold("the socket table");
}

snapshot::Holders ForeignMachine::holders(std::span<const snapshot::WantedSocket>) {
    return list_.holders ? *list_.holders : snapshot::Holders{{}, {}, untold("who holds the sockets")};
}

snapshot::CgroupPaths ForeignMachine::cgroup_paths(std::span<const std::uint64_t> numbers) {
    snapshot::CgroupPaths paths;
    for (const std::uint64_t number : numbers) {
        const auto found = list_.cgroups.find(number);
        paths.emplace(number, found != list_.cgroups.end() ? found->second : untold("a control group"));
    }
    return paths;
}

} // namespace replay
