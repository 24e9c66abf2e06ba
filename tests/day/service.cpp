#include "tests/day/service.h"

#include <algorithm>

namespace day {

using snapshot::Socket;
using snapshot::TcpState;

namespace {

constexpr double round_trip = 0.08;     // seconds
constexpr double orphan_lifetime = 100; // eight retransmissions of a FIN

/// Client number so and so: documentation addresses, and a port above 1023.
void set_client(Socket& socket, std::uint32_t number) {
    const std::array<std::uint8_t, 4> address{198, 51, 100, static_cast<std::uint8_t>(number % 250 + 1)};
    socket.remote = snapshot::Address::v4(address.data());
    socket.remote_port = static_cast<std::uint16_t>(1024 + number / 250 % 60'000);
}

} // namespace

void Service::step(KernelModel& kernel) {
    forget(kernel);
    queue(handshakes(arrivals(kernel), kernel), kernel);
    pause_ = std::max(pause_ - 1, 0.0);
    kernel.send(0.05 * clients);
    silence_.step(!reachable, static_cast<std::size_t>(clients), kernel);
}

/// New clients, and those whose SYN went unanswered before.
std::uint32_t Service::arrivals(KernelModel& kernel) {
    const std::uint32_t fresh = reachable ? kernel.random.events(rate) + std::exchange(herd_, 0) : 0;
    again_[static_cast<std::size_t>(kernel.now) % horizon][0] += fresh;
    std::uint32_t all = 0;
    for (const std::uint32_t count : again_[static_cast<std::size_t>(kernel.now) % horizon]) {
        all += count;
    }
    return all;
}

/// How many of them finish the handshake; the SYN queue holds as many as the backlog.
std::uint32_t Service::handshakes(std::uint32_t arriving, KernelModel& kernel) {
    const double room = traits.backlog / round_trip; // that many a second pass through the SYN queue
    half_open_ = static_cast<std::uint32_t>(std::min(arriving * round_trip, 1.0 * traits.backlog));
    if (flood > 0) {
        half_open_ = traits.backlog;
    } else if (arriving <= room) {
        return arriving;
    }
    const std::uint32_t flooding = kernel.random.events(flood);
    const auto passing = flood > 0 ? arriving / 20 : static_cast<std::uint32_t>(room);
    if (kernel.syn_cookies) {
        kernel.counted.syn_cookies += flooding + arriving - passing;
        return arriving;
    }
    kernel.counted.syn_queue_drops += flooding + arriving - passing;
    kernel.counted.listen_drops += flooding + arriving - passing;
    return passing; // the others try again in vain; one more or less makes no difference to a flood
}

void Service::queue(std::uint32_t arriving, KernelModel& kernel) {
    accept(kernel);
    const double capacity = pause_ > 0 ? 0 : accepts;
    const auto at_once = static_cast<std::uint32_t>(std::min(1.0 * arriving, capacity));
    close(at_once, kernel);
    const std::uint32_t left = arriving - at_once;
    const std::size_t room = traits.backlog + 1 - std::min<std::size_t>(queue_.size(), traits.backlog + 1);
    const auto queued = static_cast<std::uint32_t>(std::min<std::size_t>(left, room));
    for (std::uint32_t i = 0; i < queued; ++i) {
        queue_.push_back({kernel.now, ++kernel.last_cookie});
    }
    kernel.counted.passive_opens += at_once + queued;
    turn_away(left - queued, kernel);
}

/// The kernel ignores the SYN: the client sends it again after 1 s, 2 s, 4 s, and gives up.
void Service::turn_away(std::uint32_t count, KernelModel& kernel) {
    kernel.counted.listen_overflows += count;
    kernel.counted.listen_drops += count;
    auto& now = again_[static_cast<std::size_t>(kernel.now) % horizon];
    for (std::size_t tried = tries; tried-- > 0;) {
        const std::uint32_t again = std::min(count, now[tried]); // the oldest first
        count -= again;
        if (tried + 1 < tries) {
            const auto due = static_cast<std::size_t>(kernel.now) + (std::size_t{1} << tried);
            again_[due % horizon][tried + 1] += again;
        }
    }
    now.fill(0);
}

void Service::accept(KernelModel& kernel) {
    if (pause_ > 0) {
        return;
    }
    const auto count = static_cast<std::uint32_t>(std::min(accepts, static_cast<double>(queue_.size())));
    queue_.erase(queue_.begin(), queue_.begin() + count);
    close(count, kernel);
}

/// In the long run as many connections end as begin.
void Service::close(std::uint32_t count, KernelModel& kernel) {
    kernel.send(traits.segments * count);
    Closed waiting{kernel.now, 0};
    for (std::uint32_t i = kernel.random.events(count * traits.closes_first); i > 0; --i) {
        waiting.count += kernel.enter_time_wait() ? 1 : 0;
    }
    time_waits_.push_back(waiting);
    const Closed vanished{kernel.now, kernel.random.events(count * traits.vanishing)};
    vanished_.push_back(vanished);
    kernel.orphans += vanished.count;
    kernel.counted.segments_sent += 8ULL * vanished.count;
    kernel.counted.segments_sent_again += 8ULL * vanished.count;
}

void Service::forget(KernelModel& kernel) {
    while (!time_waits_.empty() && end_of_time_wait(time_waits_.front().moment) <= kernel.now) {
        kernel.time_waits -= time_waits_.front().count;
        time_waits_.pop_front();
    }
    while (!vanished_.empty() && vanished_.front().moment + orphan_lifetime <= kernel.now) {
        kernel.orphans -= vanished_.front().count;
        vanished_.pop_front();
    }
}

std::size_t Service::full_sockets() const {
    std::size_t orphans = 0;
    for (const Closed& each : vanished_) {
        orphans += each.count;
    }
    return 1 + queue_.size() + orphans + static_cast<std::size_t>(clients);
}

void Service::show_listener(snapshot::Census& census) const {
    Socket listener;
    listener.state = TcpState::listen;
    listener.local = address_;
    listener.local_port = traits.port;
    listener.remote = *snapshot::Address::parse("0.0.0.0");
    listener.uid = traits.program.uid;
    listener.cgroup = traits.program.cgroup;
    listener.inode = inode();
    listener.rqueue = static_cast<std::uint32_t>(queue_.size());
    listener.wqueue = traits.backlog;
    census.add_listener(listener);
}

void Service::show(const KernelModel& kernel, double late, snapshot::Census& census) const {
    const double now = kernel.now + late;
    Socket socket;
    socket.local = address_.is_wildcard() ? *snapshot::Address::parse("192.0.2.10") : address_;
    socket.local_port = traits.port;
    std::uint32_t number = 0;
    const auto add = [&](TcpState state, std::size_t count) {
        socket.state = state;
        for (; count > 0; --count) {
            set_client(socket, number++);
            census.add(socket);
        }
    };
    add(TcpState::syn_recv, half_open_);
    for (const Closed& each : vanished_) {
        add(TcpState::fin_wait1, each.count);
    }
    socket.timer = snapshot::Timer::time_wait;
    for (const Closed& each : time_waits_) {
        socket.expires_ms = static_cast<std::uint32_t>(std::max(each.moment + 60 - now, 0.0) * 1000);
        add(TcpState::time_wait, each.count);
    }
    socket.timer = snapshot::Timer::none;
    socket.inode = 600'000;
    const auto open = static_cast<std::size_t>(clients);
    Silence::mark(socket);
    add(TcpState::established, silence_.retrying(open));
    Silence::unmark(socket);
    add(TcpState::established, open - silence_.retrying(open));
    show_queue(now, census);
}

/// What waits for accept() has no descriptor; those whose client gave up are in CLOSE_WAIT.
void Service::show_queue(double now, snapshot::Census& census) const {
    Socket socket;
    socket.local = address_.is_wildcard() ? *snapshot::Address::parse("192.0.2.10") : address_;
    socket.local_port = traits.port;
    socket.cgroup = traits.program.cgroup;
    socket.rqueue = 300; // its request
    std::uint32_t number = 1'000'000;
    for (const Waiting& each : queue_) {
        set_client(socket, number++);
        const double gone = now - each.since - traits.patience;
        socket.cookie = each.cookie;
        socket.state = gone > 0 ? TcpState::close_wait : TcpState::established;
        const auto gone_ms = static_cast<std::uint32_t>(std::max(gone, 0.0) * 1000);
        const auto waited_ms = static_cast<std::uint32_t>((now - each.since) * 1000);
        socket.activity = snapshot::Activity{waited_ms, gone_ms + 10'000, gone_ms, true};
        census.add(socket);
        if (socket.state == TcpState::established) {
            census.add_waiting(socket);
        }
        if (socket.state == TcpState::close_wait) {
            census.add_close_wait(socket);
        }
    }
}

} // namespace day
