#include "tests/day/upstream.h"

#include <algorithm>
#include <utility>

namespace day {

using snapshot::Socket;
using snapshot::TcpState;

namespace {

/// Retransmissions of a SYN of this age: four after a second each, then after twice the time (Linux 6.5,
/// tcp_syn_linear_timeouts).
std::uint8_t retransmissions(double age) {
    return static_cast<std::uint8_t>(age < 5 ? std::max(age, 0.0) : 4 + std::log2(age - 3));
}

} // namespace

Upstream::Upstream(Traits of, const KernelModel& kernel)
    : traits(of), source_(*snapshot::Address::parse(of.source)),
      remote_(*snapshot::Address::parse(of.remote)), ports_(kernel.ports) {}

void Upstream::step(KernelModel& kernel) {
    while (!time_waits_.empty() && end_of_time_wait(time_waits_.front().moment) <= kernel.now) {
        ports_.give_back(time_waits_.front().port);
        time_waits_.pop_front();
        kernel.leave_time_wait();
    }
    end_brief_ones(kernel);
    look_at_attempts(kernel);
    open_brief_ones(kernel);
    end_brief_ones(kernel);
    silence_.step(!answers || forgotten, lasting_.size(), kernel);
    if (silence_.is_over()) {
        end_pool(Closer::peer, kernel);
        forgotten = false;
    }
    keep_pool(kernel);
}

void Upstream::end_brief_ones(KernelModel& kernel) {
    for (; !brief_.empty() && brief_.front().moment <= kernel.now; brief_.pop_front()) {
        close(brief_.front().port, brief_.front().moment, traits.closer, kernel);
    }
}

void Upstream::close(std::uint16_t port, double moment, Closer closer, KernelModel& kernel) {
    if (closer == Closer::host && kernel.enter_time_wait()) {
        time_waits_.push_back({port, moment});
    } else {
        ports_.give_back(port);
    }
}

std::optional<std::uint16_t> Upstream::connect(KernelModel& kernel) {
    const auto port = ports_.take(kernel.random);
    ++(port ? kernel.counted.active_opens : kernel.counted.failed_connects);
    return port;
}

/// Those of the second that ends now.
void Upstream::open_brief_ones(KernelModel& kernel) {
    const std::uint32_t count = kernel.random.events(rate + more);
    kernel.send(7.0 * count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto port = connect(kernel);
        if (!port) {
            continue;
        }
        const double begin = kernel.now - 1 + (i + kernel.random.unit()) / count;
        if (answers) {
            brief_.push_back({*port, begin + traits.hold});
        } else {
            attempts_.push_back({*port, begin});
        }
    }
}

void Upstream::look_at_attempts(KernelModel& kernel) {
    if (answers) { // the next SYN that is sent again gets through
        for (const Connection& attempt : attempts_) {
            brief_.push_back({attempt.port, kernel.now + traits.hold});
        }
        attempts_.clear();
    }
    for (; !attempts_.empty() && kernel.now - attempts_.front().moment > traits.patience;
         attempts_.pop_front()) {
        ports_.give_back(attempts_.front().port);
    }
}

void Upstream::keep_pool(KernelModel& kernel) {
    double change = pool - static_cast<double>(lasting_.size() + left_open_.size());
    change = std::clamp(change, -pool_pace, pool_pace);
    for (; change >= 1 && answers; --change) {
        if (const auto port = connect(kernel)) {
            lasting_.push_back(*port);
        }
    }
    for (; change <= -1 && !lasting_.empty(); ++change) {
        close(lasting_.back(), kernel.now, traits.closer, kernel);
        lasting_.pop_back();
    }
    kernel.send(0.05 * static_cast<double>(lasting_.size()));
}

void Upstream::leave_open(std::uint32_t count, Eof eof, KernelModel& kernel) {
    for (; count > 0; --count) {
        if (lasting_.empty()) {
            return;
        }
        std::swap(lasting_[kernel.random.below(static_cast<std::uint32_t>(lasting_.size()))],
                  lasting_.back());
        left_open_.push_back({lasting_.back(), kernel.now, eof, ++kernel.last_cookie});
        lasting_.pop_back();
    }
}

void Upstream::close_left_open(std::size_t count) {
    for (; count > 0 && !left_open_.empty(); --count) {
        ports_.give_back(left_open_.front().port); // the peer closed first: no TIME_WAIT here
        left_open_.pop_front();
    }
}

void Upstream::end_pool(Closer closer, KernelModel& kernel) {
    close_left_open(left_open_.size());
    for (const std::uint16_t port : lasting_) {
        close(port, kernel.now, closer, kernel);
    }
    lasting_.clear();
}

std::size_t Upstream::left_open_for(double seconds, double now) const {
    return static_cast<std::size_t>(
        std::count_if(left_open_.begin(), left_open_.end(),
                      [&](const LeftOpen& each) { return now - each.since >= seconds; }));
}

std::size_t Upstream::full_sockets() const {
    return brief_.size() + attempts_.size() + lasting_.size() + left_open_.size();
}

Socket Upstream::socket(TcpState state, std::uint16_t port) const {
    Socket made;
    made.state = state;
    made.local = source_;
    made.local_port = port;
    made.remote = remote_;
    made.remote_port = traits.remote_port;
    made.uid = traits.program.uid;
    made.cgroup = traits.program.cgroup;
    made.inode = 1'000'000U + port;
    return made;
}

void Upstream::show(const KernelModel& kernel, double late, snapshot::Census& census) const {
    const double now = kernel.now + late;
    const std::size_t retrying = silence_.retrying(lasting_.size());
    for (std::size_t i = 0; i < lasting_.size(); ++i) {
        Socket open = socket(TcpState::established, lasting_[i]);
        if (i < retrying) {
            Silence::mark(open);
        }
        census.add(open);
    }
    for (const Connection& each : brief_) {
        census.add(socket(TcpState::established, each.port));
    }
    for (const Connection& each : attempts_) {
        Socket attempt = socket(TcpState::syn_sent, each.port);
        attempt.timer = snapshot::Timer::retransmit;
        attempt.retransmits = retransmissions(now - each.moment);
        census.add(attempt);
    }
    Socket waiting = socket(TcpState::time_wait, 0);
    waiting.timer = snapshot::Timer::time_wait;
    waiting.uid = 0;
    waiting.inode = 0;
    waiting.cgroup.reset();
    for (const Connection& each : time_waits_) {
        waiting.local_port = each.port;
        waiting.expires_ms = static_cast<std::uint32_t>(std::max(each.moment + 60 - now, 0.0) * 1000);
        census.add(waiting);
    }
    show_left_open(now, census);
}

void Upstream::show_left_open(double now, snapshot::Census& census) const {
    for (const LeftOpen& each : left_open_) {
        Socket left = socket(TcpState::close_wait, each.port);
        left.cookie = each.cookie;
        left.inode = static_cast<std::uint32_t>(2'000'000 + each.cookie);
        left.rqueue = each.eof == Eof::unread ? 1 : 0;
        const auto age_ms = static_cast<std::uint32_t>((now - each.since) * 1000);
        left.activity = snapshot::Activity{age_ms + 30'000, age_ms + 30'000, age_ms, true};
        census.add(left);
        census.add_close_wait(left);
    }
}

void Upstream::show_holders(std::uint32_t process, std::vector<snapshot::Holder>& holders) const {
    std::uint32_t descriptor = 100;
    for (const LeftOpen& each : left_open_) {
        holders.push_back({static_cast<std::uint32_t>(2'000'000 + each.cookie), process, descriptor++});
    }
}

} // namespace day
