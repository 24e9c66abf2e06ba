#include "snapshot/close_wait.h"

#include <algorithm>

namespace snapshot {
namespace {

constexpr std::size_t most_groups = 4096;
constexpr std::size_t most_sockets = 65536;

std::optional<AgeInterval> age_of(const Socket& socket) {
    if (!socket.activity) {
        return std::nullopt;
    }
    const Activity& activity = *socket.activity;
    return AgeInterval{activity.last_ack_recv_ms,
                       std::max(activity.last_ack_recv_ms, activity.last_data_recv_ms)};
}

void widen(AgeInterval& oldest, const AgeInterval& other) {
    oldest.least_ms = std::max(oldest.least_ms, other.least_ms);
    oldest.most_ms = std::max(oldest.most_ms, other.most_ms);
}

} // namespace

void CloseWaitCounts::add(const std::optional<AgeInterval>& age, bool with_keepalive) {
    ++count;
    keepalive += with_keepalive ? 1 : 0;
    if (!age) {
        ++without_age;
        return;
    }
    widen(oldest, *age);
    for (std::size_t i = 0; i < older.size(); ++i) {
        older[i] += age->least_ms >= close_wait_ages_s[i] * 1000 ? 1 : 0;
    }
}

void CloseWaitCounts::add(const CloseWaitCounts& others) {
    count += others.count;
    without_age += others.without_age;
    keepalive += others.keepalive;
    widen(oldest, others.oldest);
    for (std::size_t i = 0; i < older.size(); ++i) {
        older[i] += others.older[i];
    }
}

CloseWaitKind kind_of(const Socket& socket) {
    constexpr std::uint32_t still_sending_ms = 60'000;
    constexpr std::uint32_t margin_ms = 1000;
    if (socket.inode == 0) {
        return CloseWaitKind::unaccepted;
    }
    if (socket.wqueue > 0) {
        return CloseWaitKind::half_closed;
    }
    if (socket.activity) {
        const Activity& a = *socket.activity;
        const bool sent_since_data = a.last_data_sent_ms + margin_ms < a.last_data_recv_ms;
        const bool sent_since_fin = a.last_data_sent_ms < a.last_ack_recv_ms + margin_ms;
        if (sent_since_data && sent_since_fin && a.last_data_sent_ms < still_sending_ms) {
            return CloseWaitKind::half_closed;
        }
    }
    return socket.rqueue == 0 ? CloseWaitKind::leaked : CloseWaitKind::unread;
}

CloseWaitGroup* CloseWaits::group_of(const Socket& socket, bool incoming) {
    CloseWaitGroup wanted;
    wanted.incoming = incoming;
    wanted.end_point =
        incoming ? EndPoint{socket.local, socket.local_port} : EndPoint{socket.remote, socket.remote_port};
    wanted.uid = socket.uid;
    wanted.cgroup = socket.cgroup;
    wanted.kind = kind_of(socket);
    const auto key = [&] {
        return Key{wanted.end_point.address.high(),
                   wanted.end_point.address.low(),
                   wanted.end_point.port,
                   incoming,
                   wanted.uid,
                   wanted.cgroup,
                   wanted.kind};
    };
    auto found = numbers_.find(key());
    if (found == numbers_.end() && groups_.size() >= most_groups) {
        wanted.end_point =
            {}; // a client with this many peers: who holds them matters more than where they lead
        found = numbers_.find(key());
    }
    if (found != numbers_.end()) {
        return &groups_[found->second];
    }
    if (groups_.size() >= 2 * most_groups) {
        return nullptr;
    }
    numbers_.emplace(key(), static_cast<std::uint32_t>(groups_.size()));
    return &groups_.emplace_back(wanted);
}

bool CloseWaits::add(const Socket& socket, bool incoming) {
    CloseWaitGroup* group = group_of(socket, incoming);
    if (group == nullptr) {
        return false;
    }
    const auto age = age_of(socket);
    const bool keepalive = socket.timer == Timer::keepalive;
    group->all.add(age, keepalive);
    if (sockets_.size() < most_sockets) {
        sockets_.push_back({static_cast<std::uint32_t>(group - groups_.data()), socket.inode, socket.cookie,
                            age, keepalive});
    } else {
        group->unlisted.add(age, keepalive);
    }
    return true;
}

void CloseWaits::prolong(CloseWaitSocket& socket, double least_s) {
    AgeInterval& age = *socket.age;
    const auto least_ms = static_cast<std::uint32_t>(std::clamp(least_s * 1000, 0.0, 4e9));
    if (least_ms <= age.least_ms) {
        return;
    }
    CloseWaitCounts& counts = groups_[socket.group].all;
    for (std::size_t i = 0; i < counts.older.size(); ++i) {
        const std::uint32_t step = close_wait_ages_s[i] * 1000;
        counts.older[i] += age.least_ms < step && least_ms >= step ? 1 : 0;
    }
    age.least_ms = least_ms;
    age.most_ms = std::max(age.most_ms, least_ms);
    widen(counts.oldest, age);
}

const WaitingSocket* WaitingSockets::find(std::uint64_t cookie) const {
    const auto found = std::lower_bound(
        sockets.begin(), sockets.end(), cookie,
        [](const WaitingSocket& socket, std::uint64_t wanted) { return socket.cookie < wanted; });
    return found != sockets.end() && found->cookie == cookie ? &*found : nullptr;
}

void CloseWaits::prove_ages(const WaitingSockets& earlier, double uptime) {
    constexpr double slack = 1; // seconds that a dump may take
    const double since_then = uptime - earlier.uptime;
    for (CloseWaitSocket& socket : sockets_) {
        if (socket.cookie == 0 || !socket.age || since_then < 0) {
            continue;
        }
        if (const WaitingSocket* seen = earlier.find(socket.cookie)) {
            prolong(socket, uptime - seen->first_seen - slack);
        } else if (earlier.complete) {
            const auto most_ms = static_cast<std::uint32_t>(std::min((since_then + slack) * 1000, 4e9));
            socket.age->most_ms = std::max(socket.age->least_ms, std::min(socket.age->most_ms, most_ms));
        }
    }
}

WaitingSockets CloseWaits::waiting(double uptime) const {
    constexpr std::size_t most = 2048;
    WaitingSockets now{uptime, true, {}};
    for (const CloseWaitSocket& socket : sockets_) {
        if (socket.cookie != 0) {
            const double waited = socket.age ? socket.age->least_ms / 1000.0 : 0;
            now.sockets.push_back({socket.cookie, std::max(uptime - waited, 0.0)});
        }
    }
    std::size_t total = 0;
    for (const CloseWaitGroup& group : groups_) {
        total += group.all.count;
    }
    if (now.sockets.size() > most) {
        std::nth_element(
            now.sockets.begin(), now.sockets.begin() + most, now.sockets.end(),
            [](const WaitingSocket& a, const WaitingSocket& b) { return a.first_seen < b.first_seen; });
        now.sockets.resize(most);
    }
    now.complete = now.sockets.size() == total;
    std::sort(now.sockets.begin(), now.sockets.end(),
              [](const WaitingSocket& a, const WaitingSocket& b) { return a.cookie < b.cookie; });
    return now;
}

} // namespace snapshot
