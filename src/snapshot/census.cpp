#include "snapshot/census.h"

#include <algorithm>

namespace snapshot {
namespace {

constexpr std::size_t most_flows = std::size_t{1} << 20;
constexpr std::uint16_t flows_that_fold = 4096;
constexpr std::size_t most_listeners = 65536;
constexpr std::size_t cookie_slots =
    4096; // duplicates come from resuming inside one hash chain: close together

constexpr std::uint64_t long_retrying_ms = 10'000;

Queues queues_in(const Socket& socket) {
    const bool stalled = is_stalled(socket);
    return {socket.wqueue, socket.rqueue, stalled ? 1U : 0U, stalled ? socket.wqueue : 0};
}

std::uint16_t detail_of(const Socket& socket) {
    switch (socket.state) {
    case TcpState::time_wait:
        if (socket.expires_ms == 0) {
            return age_over; // timer-wheel slack: in the table, past its 60 s
        }
        return static_cast<std::uint16_t>((time_wait_ms - std::min(socket.expires_ms, time_wait_ms)) /
                                          age_unit_ms);
    case TcpState::syn_sent:
        return socket.retransmits;
    case TcpState::established:
        return socket.timer == Timer::retransmit
                   ? static_cast<std::uint16_t>(
                         socket.retransmits |
                         (retrying_for_ms(socket) >= long_retrying_ms ? retrying_long : 0))
                   : 0;
    case TcpState::fin_wait2:
        return socket.timer == Timer::time_wait ? 1 : 0;
    default:
        return 0;
    }
}

bool listens_at(const Listener& listener, const Address& local) {
    if (listener.address == local) {
        return true;
    }
    if (!listener.address.is_wildcard()) {
        return false;
    }
    const bool v4_listener = listener.address.is_v4();
    return local.is_v4() ? v4_listener || !listener.v6_only : !v4_listener;
}

bool owns(const Listener& listener, const Socket& socket) {
    return (listener.device == 0 || listener.device == socket.device) && listens_at(listener, socket.local);
}

} // namespace

void Queues::add(const Queues& more) {
    send_bytes += more.send_bytes;
    recv_bytes += more.recv_bytes;
    stalled += more.stalled;
    stalled_bytes += more.stalled_bytes;
}

Queues Census::queues_of(std::uint32_t flow) const {
    const auto found = queues_.find(flow);
    return found == queues_.end() ? Queues() : found->second;
}

Census::Census(std::uint64_t seed) : flows_(seed, most_flows) {}

std::uint32_t Census::count(TcpState state) const {
    const auto at = static_cast<std::size_t>(state);
    return counts_[0][at] + counts_[1][at];
}

bool Census::seen_before(std::uint64_t cookie) {
    if (cookie == 0) {
        return false;
    }
    const auto rest =
        static_cast<std::uint32_t>(cookie / cookie_slots + 1); // cookies are numbered from 1: 2^44 fit
    if (recent_cookies_.empty()) {
        recent_cookies_.resize(cookie_slots);
    }
    std::uint32_t& slot = recent_cookies_[cookie % cookie_slots];
    if (slot == rest) {
        ++duplicates_;
        return true;
    }
    slot = rest;
    return false;
}

void Census::add_listener(const Socket& socket) {
    if (seen_before(socket.cookie)) {
        return;
    }
    ++counts_[static_cast<std::size_t>(socket.family)][static_cast<std::size_t>(TcpState::listen)];
    if (listeners_.size() >= most_listeners) {
        ++overflow_;
        return;
    }
    Listener listener;
    listener.address = socket.local;
    listener.port = socket.local_port;
    listener.device = socket.device;
    listener.family = socket.family;
    listener.v6_only = socket.v6_only.value_or(false);
    listener.accept_queue = socket.rqueue;
    listener.backlog = socket.wqueue;
    listener.uid = socket.uid;
    listener.inode = socket.inode;
    listener.cgroup = socket.cgroup;
    listeners_by_port_[socket.local_port].push_back(static_cast<std::uint32_t>(listeners_.size()));
    listener_ports_.set(socket.local_port);
    owned_.set(socket.local_port % 1024);
    listeners_.push_back(listener);
}

Listener* Census::listener_of(const Socket& socket) {
    if (!listener_ports_.test(socket.local_port)) {
        return nullptr;
    }
    for (const std::uint32_t number : listeners_by_port_.find(socket.local_port)->second) {
        if (owns(listeners_[number], socket)) {
            return &listeners_[number];
        }
    }
    return nullptr;
}

bool Census::count(const Socket& socket, Pending& pending) {
    if (socket.state == TcpState::listen) {
        return false; // new since the listeners were read: it owns nothing that was counted
    }
    if (seen_before(socket.cookie)) {
        return false;
    }
    const auto state =
        static_cast<std::uint8_t>(socket.state == TcpState::new_syn_recv ? TcpState::syn_recv : socket.state);
    ++counts_[static_cast<std::size_t>(socket.family)][state];
    without_timer_ += socket.state == TcpState::established && socket.timer == Timer::none ? 1 : 0;
    const bool retrying = is_retrying(socket);
    if (retrying) {
        ++established_retrying_;
    }
    if (may_be_owned(socket.local_port)) {
        if (Listener* listener = listener_of(socket)) {
            ++listener->connections[state];
            listener->established_retrying += retrying ? 1 : 0;
            listener->queues.add(queues_in(socket));
            return false;
        }
        if (service_ports_.test(socket.local_port)) {
            ++services_[socket.local_port][state];
            return false;
        }
    }
    if (socket.state == TcpState::fin_wait2 && socket.inode != 0) {
        note_awaited(socket);
    }
    const Flow flow{socket.local, socket.remote, socket.device, 0, socket.remote_port};
    pending.hash = flows_.hash_of(flow);
    pending.flow = flow;
    pending.record.port = socket.local_port;
    pending.record.state_and_detail = SocketRecord::packed(state, detail_of(socket));
    pending.queues = queues_in(socket);
    return true;
}

/// The shutdown() of a proxy that has read the end of its client's requests; close() leaves no inode.
void Census::note_awaited(const Socket& socket) {
    constexpr std::size_t most = 4096;
    const Waiting key{socket.uid, socket.cgroup, socket.remote.high(), socket.remote.low(),
                      socket.remote_port};
    if (awaited_.size() < most || awaited_.contains(key)) {
        ++awaited_[key];
    }
}

Census::Awaited Census::awaited_by(std::uint32_t uid, const std::optional<std::uint64_t>& cgroup,
                                   const EndPoint& own) const {
    Awaited all;
    std::uint32_t most = 0;
    for (auto at = awaited_.lower_bound({uid, cgroup, 0, 0, 0});
         at != awaited_.end() && std::get<0>(at->first) == uid && std::get<1>(at->first) == cgroup; ++at) {
        const std::array<std::uint64_t, 2> halves = {std::get<2>(at->first), std::get<3>(at->first)};
        const EndPoint peer{Address::v6(halves.data()), std::get<4>(at->first)};
        const bool is_own =
            peer.port == own.port && (own.address.is_wildcard() || peer.address == own.address);
        all.sockets += is_own ? 0 : at->second;
        if (!is_own && at->second > most) {
            most = at->second;
            all.peer = peer;
        }
    }
    return all;
}

void Census::place(const Pending& pending) {
    const FlowTable::Slot slot = flows_.find_or_add(pending.flow, pending.hash);
    if (slot.flow == FlowTable::none) {
        ++overflow_;
        return;
    }
    ++flows_[slot.flow].connections;
    SocketRecord record = pending.record;
    record.flow = slot.flow;
    records_.push_back(record);
    if ((pending.queues.send_bytes | pending.queues.recv_bytes) != 0) {
        queues_[slot.flow].add(pending.queues);
    }
    if (slot.added && ++flows_of(record.port) == flows_that_fold) {
        service_ports_.set(record.port);
        owned_.set(record.port % 1024);
        services_[record.port];
    }
}

void Census::add(const Socket& socket) {
    Pending pending;
    if (count(socket, pending)) {
        place(pending);
    }
}

std::uint16_t& Census::flows_of(std::uint16_t port) {
    constexpr std::size_t of_page = 256;
    if (flows_of_port_.empty()) {
        flows_of_port_.resize(65536 / of_page);
    }
    std::vector<std::uint16_t>& page = flows_of_port_[port / of_page];
    if (page.empty()) {
        page.resize(of_page);
    }
    return page[port % of_page];
}

void Census::add_soon(const Socket& socket) {
    if (next_pending_ - first_pending_ == ahead) {
        place(pending_[first_pending_++ % ahead]);
    }
    if (!count(socket, pending_[next_pending_ % ahead])) {
        return;
    }
    flows_.fetch_slot(pending_[next_pending_++ % ahead].hash);
    if (next_pending_ - first_pending_ > ahead / 2) {
        flows_.fetch_flow(pending_[(next_pending_ - ahead / 2) % ahead].hash);
    }
}

void Census::settle() {
    while (first_pending_ < next_pending_) {
        place(pending_[first_pending_++ % ahead]);
    }
}

void Census::add_close_wait(const Socket& socket) {
    const bool incoming = listener_of(socket) != nullptr || service_ports_.test(socket.local_port);
    overflow_ += close_waits_.add(socket, incoming) ? 0 : 1;
}

/// The kernel sets the time of the last sending when the handshake ends (Linux 6.18,
/// tcp_create_openreq_child()), and nobody sends on a connection that no program has.
void Census::add_waiting(const Socket& socket) {
    Listener* listener = socket.inode == 0 ? listener_of(socket) : nullptr;
    if (listener == nullptr || !socket.activity) {
        return;
    }
    const std::uint32_t age = socket.activity->last_data_sent_ms;
    ++listener->waits.count;
    listener->waits.older_10s += age >= 10'000 ? 1 : 0;
    listener->waits.oldest_ms = std::max(listener->waits.oldest_ms, age);
}

void Census::add_idle(const Socket& socket) {
    if (socket.inode == 0 || socket.timer != Timer::none || !socket.activity) {
        return;
    }
    const auto& [sent, received, acknowledged, timestamps] = *socket.activity;
    const std::uint32_t silent_ms = std::min({sent, received, acknowledged});
    if (silent_ms < 60'000) {
        return;
    }
    const auto add_to = [&](Quiet& quiet) {
        ++quiet.for_60s;
        quiet.for_3600s += silent_ms >= 3'600'000 ? 1 : 0;
        quiet.longest_ms = std::max(quiet.longest_ms, silent_ms);
    };
    if (Listener* listener = listener_of(socket)) {
        add_to(listener->quiet);
        return;
    }
    const auto slot = flows_.find_or_add({socket.local, socket.remote, socket.device, 0, socket.remote_port});
    if (slot.flow != FlowTable::none) {
        add_to(quiet_[slot.flow]);
    }
}

Quiet Census::quiet_of(std::uint32_t flow) const {
    const auto found = quiet_.find(flow);
    return found == quiet_.end() ? Quiet() : found->second;
}

Census::Group Census::group_of(const Listener& listener) const {
    Group group;
    const auto numbers = listeners_by_port_.find(listener.port);
    for (const std::uint32_t number : numbers->second) {
        const Listener& other = listeners_[number];
        if (other.address == listener.address && other.device == listener.device) {
            ++group.listeners;
            group.waiting += other.accept_queue > 0 ? 1 : 0;
            if (other.waits.count > 0) {
                group.waits = other.waits; // of the first, which stands for all
            }
        }
    }
    return group;
}

const Listener* Census::listener_behind(const CloseWaitGroup& group) const {
    const auto numbers = listeners_by_port_.find(group.end_point.port);
    if (!group.incoming || numbers == listeners_by_port_.end()) {
        return nullptr;
    }
    const Listener* found = nullptr;
    for (const std::uint32_t number : numbers->second) {
        const Listener& candidate = listeners_[number];
        if (listens_at(candidate, group.end_point.address) &&
            (found == nullptr || candidate.accept_queue > found->accept_queue)) {
            found = &candidate;
        }
    }
    return found;
}

void Census::add_explicit(const Socket& socket) {
    explicit_ports_.set(socket.local_port);
}

void Census::add_options(const Socket& socket) {
    if (!socket.late_port.value_or(false)) {
        early_ports_.set(socket.local_port);
    }
}

void Census::add_bound(const Socket& socket) {
    ++counts_[static_cast<std::size_t>(socket.family)][static_cast<std::size_t>(TcpState::bound)];
    bound_ports_.set(socket.local_port);
}

} // namespace snapshot
