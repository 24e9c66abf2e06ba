#include "kernel/foreign_machine.h"

#include "base/text.h"
#include "kernel/sock_diag.h"
#include "kernel/sock_diag_writer.h"
#include "snapshot/sysctls.h"

#include <algorithm>

namespace kernel {
namespace {

using base::Gap;
using base::Why;
using snapshot::Socket;
using snapshot::State;

constexpr std::string_view sysctl_root = "/proc/sys/";
constexpr std::string_view range_name = "net.ipv4.ip_local_port_range";

/// Without these the arithmetic goes on, on the side of too few free ports: nothing is reused. Reserved ports
/// are none unless somebody set them.
bool can_do_without(std::string_view sysctl) {
    return sysctl == "net.ipv4.ip_local_reserved_ports" || sysctl == "net.ipv4.tcp_tw_reuse" ||
           sysctl == "net.ipv4.tcp_timestamps" || sysctl == "net.ipv4.tcp_tw_reuse_delay";
}

bool belongs(const Socket& socket, Walk walk) {
    switch (walk) {
    case Walk::listeners:
        return socket.state == State::listen;
    case Walk::connections:
        return socket.state != State::listen && socket.state != State::bound;
    case Walk::close_waits:
        return socket.state == State::close_wait;
    case Walk::bound:
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

Outcome ForeignMachine::dump(std::span<const std::byte> request, const FrameSink& sink) {
    constexpr std::size_t datagram_size = 32768; // as the kernel fills them
    for (const Walk walk : {Walk::listeners, Walk::connections, Walk::close_waits, Walk::bound}) {
        const auto known = request_for(walk);
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
            if (walk == Walk::connections) {
                socket.activity.reset();
            }
            append_message(datagram, socket);
            if (datagram.size() > datagram_size) {
                if (!sink(datagram)) {
                    return base::Nothing{};
                }
                datagram.clear();
            }
        }
        if (walk == Walk::bound && !any) {
            break; // none were told, or none were asked for
        }
        if (walk == Walk::connections && list_.lost) {
            if (!datagram.empty()) {
                sink(datagram);
            }
            return *list_.lost;
        }
        append_end(datagram);
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

} // namespace kernel
