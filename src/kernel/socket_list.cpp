#include "kernel/socket_list.h"

#include <algorithm>
#include <set>

namespace kernel {

using snapshot::Socket;
using snapshot::State;

std::optional<base::Gap> partial(const std::vector<Socket>& sockets) {
    const auto listening = static_cast<std::size_t>(
        std::count_if(sockets.begin(), sockets.end(), [](const Socket& s) { return s.state == State::listen; }));
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
        constexpr std::uint32_t whole_time_wait_ms = 60'000;
        socket.expires_ms = whole_time_wait_ms;
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

} // namespace kernel
