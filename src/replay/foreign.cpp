#include "replay/foreign.h"

#include "base/text.h"
#include "kernel/proc_net.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

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

bool is_listener(const Socket& socket) {
    return socket.state == TcpState::listen;
}

bool is_bound(const Socket& socket) {
    return socket.state == TcpState::bound;
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
    sysctls_.merge(list_.sysctls);
    hold_against_sockstat();
}

/// Sockets that have just been asked for or have just closed may differ, and SYN_RECV is in no sum. A table
/// and a sum that were written one right after the other may differ by what moves meanwhile; a sum of another
/// moment must not exceed the table at all.
void ForeignMachine::hold_against_sockstat() {
    snapshot::Counters counters;
    for (const char* file : {"sockstat", "sockstat6"}) {
        if (const auto text = read("/proc/thread-self/net/" + std::string(file))) {
            kernel::parse_sockstat(*text, file, counters);
        }
    }
    const auto v4 = counters.get("sockstat.TCP.inuse");
    const auto v6 = counters.get("sockstat6.TCP6.inuse");
    const auto time_wait = counters.get("sockstat.TCP.tw");
    if (!v4 || !time_wait || (!v6 && list_.provenance.has_ipv6)) {
        hold_against_sums(time_wait ? std::optional(*time_wait) : std::nullopt,
                          v4 ? std::optional(*v4) : std::nullopt);
        return;
    }
    const std::uint64_t expected = *v4 + *time_wait + v6.value_or(0);
    std::uint64_t counted = 0;
    for (const TcpState state : snapshot::shown_states) {
        const auto at = static_cast<std::size_t>(state);
        const bool summed = state != TcpState::syn_recv && state != TcpState::bound;
        counted += summed ? list_.counts[at] + list_.provenance.named[at] : 0;
    }
    judge_sum(counted, expected, v6.has_value());
}

/// Without the sum of all sockets: those that are known. sockstat counts TIME_WAIT of IPv4 and IPv6 together,
/// and `ss -s` has the kernel's CurrEstab, which CLOSE_WAIT belongs to.
void ForeignMachine::hold_against_sums(std::optional<std::uint64_t> time_wait,
                                       std::optional<std::uint64_t> v4) {
    const auto count = [&](TcpState state) -> std::uint64_t {
        const auto at = static_cast<std::size_t>(state);
        return std::uint64_t{list_.counts[at]} + list_.provenance.named[at];
    };
    if (time_wait) {
        must_have(count(TcpState::time_wait), *time_wait, "TIME_WAIT", "sockstat");
    }
    if (v4) {
        std::uint64_t others = 0;
        for (const TcpState state : snapshot::shown_states) {
            others += state != TcpState::time_wait ? count(state) : 0;
        }
        must_have(others, *v4, "sockets besides TIME_WAIT", "sockstat");
    }
    for (const auto& [state, sum] : list_.sums) {
        const bool open = state == TcpState::established;
        must_have(count(state) + (open ? count(TcpState::close_wait) : 0), sum,
                  open ? "ESTABLISHED and CLOSE_WAIT" : snapshot::name(state), "ss -s");
    }
}

/// Between two commands some come and go.
void ForeignMachine::must_have(std::uint64_t counted, std::uint64_t told, std::string_view what,
                               std::string_view source) {
    constexpr std::uint64_t percent_that_move = 10;
    constexpr std::uint64_t few = 20;
    if (counted + told * percent_that_move / 100 + few >= told) {
        return;
    }
    const std::string numbers =
        fmt::format("{} {} in it, {} counts {}: the two do not agree", counted, what, source, told);
    if (list_.lost) {
        list_.lost->detail += "; " + numbers;
    } else {
        list_.lost = Gap{"the socket table", Why::truncated, numbers};
    }
}

void ForeignMachine::judge_sum(std::uint64_t counted, std::uint64_t expected, bool with_ipv6) {
    constexpr std::uint64_t percent_that_move = 2;
    const bool of_one_moment = list_.files.contains("sockstat") && !list_.provenance.unproven;
    const std::uint64_t may_lack = of_one_moment ? expected * percent_that_move / 100 : 0;
    if (counted + may_lack < expected) {
        const std::string sum =
            fmt::format("{} of the {} sockets that sockstat counts are in it", counted, expected);
        if (list_.lost) {
            list_.lost->detail += "; " + sum;
        } else {
            list_.lost = Gap{"the socket table", Why::truncated, "only " + sum};
        }
    } else if (counted > 2 * expected + 100) {
        list_.provenance.gaps.push_back(
            {"agreement with sockstat", Why::failed,
             fmt::format("it counts {} sockets, the table has {}: not of one moment, or not of one namespace",
                         expected, counted)});
    } else if (with_ipv6) {
        list_.provenance.unproven.reset();
        list_.provenance.has_ipv6 = true; // sockstat6 counts none that are not in it
    }
}

std::size_t ForeignMachine::hand_on(bool (*belongs)(const Socket&), const kernel::SocketSink& sink) const {
    std::size_t count = 0;
    list_.each([&](std::span<const Socket> sockets) {
        for (const Socket& socket : sockets) {
            if (belongs(socket)) {
                sink(std::span(&socket, 1));
                ++count;
            }
        }
    });
    return count;
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
        gap.detail += "; --assume ip_local_port_range=\"LOW HIGH\" gives it";
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
    constexpr std::string_view net = "/proc/thread-self/net/";
    if (path.starts_with(net)) {
        if (const auto found = list_.files.find(path.substr(net.size())); found != list_.files.end()) {
            return found->second;
        }
    }
    if (tree_) {
        auto content = read_tree(path);
        if (content && path.starts_with("/proc/") &&
            !content->ends_with('\n')) { // as the kernel ends all of them
            return Gap{path, Why::truncated, "the copy has no end"};
        }
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
    switch (query.walk) {
    case kernel::Walk::listeners:
        if (list_.listeners) {
            sink(*list_.listeners);
        } else {
            hand_on(is_listener, sink);
        }
        return {};
    case kernel::Walk::connections:
        hand_on([](const Socket& socket) { return !is_listener(socket) && !is_bound(socket); }, sink);
        return list_.lost ? kernel::Walked{*list_.lost} : kernel::Walked{};
    case kernel::Walk::close_waits:
        if (list_.counts[static_cast<std::size_t>(TcpState::close_wait)] > 0) {
            hand_on([](const Socket& socket) { return socket.state == TcpState::close_wait; }, sink);
        }
        return {};
    case kernel::Walk::bound:
        if (list_.counts[static_cast<std::size_t>(TcpState::bound)] > 0 && hand_on(is_bound, sink) > 0) {
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
