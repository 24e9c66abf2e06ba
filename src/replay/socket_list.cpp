#include "replay/socket_list.h"

#include "base/number.h"
#include "snapshot/census.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace replay {

using snapshot::Socket;
using snapshot::TcpState;

std::optional<base::Gap> partial(const std::vector<Socket>& sockets) {
    const auto listening = static_cast<std::size_t>(std::count_if(
        sockets.begin(), sockets.end(), [](const Socket& s) { return s.state == TcpState::listen; }));
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
        if (socket.state == TcpState::listen && socket.rqueue > 0) {
            waited_at.insert(socket.local_port);
        }
    }
    std::uint32_t next = 0;
    for (Socket& socket : sockets) {
        const bool may_wait = socket.rqueue > 0 && waited_at.contains(socket.local_port);
        if (socket.inode == 0 && socket.state == TcpState::close_wait && !may_wait) {
            socket.inode = ++next;
        }
    }
}

void Timers::add(Socket& socket) {
    if (socket.timer != snapshot::Timer::none) {
        seen_ = true;
    } else if (socket.state == TcpState::time_wait) {
        missing_ = true;
        socket.expires_ms = snapshot::time_wait_ms;
    } else if (socket.state == TcpState::syn_sent) {
        missing_ = true;
    } else if (socket.state == TcpState::established && socket.wqueue > 0) {
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

std::optional<TcpState> state_named(std::string_view name) {
    constexpr auto names = std::to_array<std::pair<std::string_view, TcpState>>({
        {"LISTEN", TcpState::listen},
        {"ESTAB", TcpState::established},
        {"ESTABLISHED", TcpState::established},
        {"TIME_WAIT", TcpState::time_wait},
        {"CLOSE_WAIT", TcpState::close_wait},
        {"SYN_SENT", TcpState::syn_sent},
        {"SYN_RECV", TcpState::syn_recv},
        {"NEW_SYN_RECV", TcpState::syn_recv},
        {"FIN_WAIT_1", TcpState::fin_wait1},
        {"FIN_WAIT1", TcpState::fin_wait1},
        {"FIN_WAIT_2", TcpState::fin_wait2},
        {"FIN_WAIT2", TcpState::fin_wait2},
        {"LAST_ACK", TcpState::last_ack},
        {"CLOSING", TcpState::closing},
        {"UNCONN", TcpState::bound},
        {"CLOSE", TcpState::close},
        {"BOUND_INACTIVE", TcpState::bound},
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

} // namespace replay
