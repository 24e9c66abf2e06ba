#include "replay/foreign.h"

#include "base/text.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace replay {

namespace {

using base::Gap;
using base::Why;
using snapshot::Socket;
using snapshot::TcpState;

constexpr std::string_view sysctl_root = "/proc/sys/";
constexpr std::string_view range_name = "net.ipv4.ip_local_port_range";

/// Without these the arithmetic goes on, on the side of too few free ports: nothing is reused. Reserved ports
/// are none unless somebody set them.
bool can_do_without(std::string_view sysctl) {
    return sysctl == "net.ipv4.ip_local_reserved_ports" || sysctl == "net.ipv4.tcp_tw_reuse" ||
           sysctl == "net.ipv4.tcp_timestamps" || sysctl == "net.ipv4.tcp_tw_reuse_delay";
}

/// Hands those sockets on for which `belongs` holds; returns how many they are.
template <typename Belongs>
std::size_t hand_on(const std::vector<Socket>& sockets, Belongs belongs, const kernel::SocketSink& sink) {
    std::size_t count = 0;
    for (const Socket& socket : sockets) {
        if (belongs(socket)) {
            sink(std::span(&socket, 1));
            ++count;
        }
    }
    return count;
}

std::string dotted_name(std::string_view path) {
    std::string name(path.substr(sysctl_root.size()));
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
}

/// The lines "name = value" of `sysctl -a`.
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

} // namespace

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

kernel::Walked ForeignMachine::sockets(const kernel::Query& query, const kernel::SocketSink& sink) {
    const auto is_listener = [](const Socket& socket) { return socket.state == TcpState::listen; };
    const auto is_bound = [](const Socket& socket) { return socket.state == TcpState::bound; };
    switch (query.walk) {
    case kernel::Walk::listeners:
        hand_on(list_.sockets, is_listener, sink);
        return {};
    case kernel::Walk::connections:
        hand_on(
            list_.sockets, [&](const Socket& socket) { return !is_listener(socket) && !is_bound(socket); },
            sink);
        return list_.lost ? kernel::Walked{*list_.lost} : kernel::Walked{};
    case kernel::Walk::close_waits:
        hand_on(
            list_.sockets, [](const Socket& socket) { return socket.state == TcpState::close_wait; }, sink);
        return {};
    case kernel::Walk::bound:
        if (hand_on(list_.sockets, is_bound, sink) > 0) {
            return {};
        }
        break; // none were told, or none were asked for
    case kernel::Walk::explicit_binds:
    case kernel::Walk::options:
    case kernel::Walk::peers:
    case kernel::Walk::queues:
    case kernel::Walk::open:
        break; // no text tells them
    }
    return {untold("the socket table")};
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
