#include "model/ports.h"

#include "model/flow.h"

#include <algorithm>

namespace model {
namespace {

using snapshot::State;

constexpr std::array<State, 9> connection_states = {State::syn_sent,  State::syn_recv,   State::established,
                                                    State::fin_wait1, State::fin_wait2,  State::closing,
                                                    State::time_wait, State::close_wait, State::last_ack};

struct Arithmetic {
    facts::TimeWaitReuse reuse;
    std::uint32_t in_use = 0;
    std::uint32_t blocked = 0;
    std::uint32_t free = 0;
    std::uint32_t free_min = 0;
    std::uint32_t free_max = 0;
    std::string inferred_because;
    double used_percent = 0;
    double room = 0; // ports that TIME_WAIT may fill
    double hold_seconds = 0;
};

std::uint32_t less(std::uint32_t from, std::uint64_t what) {
    return from > what ? from - static_cast<std::uint32_t>(what) : 0;
}

/// Ports that others hold and of which sock_diag cannot say whether bind() took them.
std::uint32_t unclear_ports(const Tally& tally, const Occupation& occupation, std::uint32_t in_use) {
    return less(occupation.unclear, less(in_use, tally.held_blocked));
}

std::string reason_of(std::uint32_t unclear, std::uint32_t hidden, bool reuse_inferred, bool odd) {
    std::vector<std::string> reasons;
    if (unclear > 0) {
        reasons.push_back(std::to_string(unclear) +
                          " ports of other connections may have been taken by bind()");
    }
    if (hidden > 0) {
        reasons.push_back("up to " + std::to_string(hidden) + " sockets may be bound without a connection");
    }
    if (reuse_inferred) {
        reasons.emplace_back("reuse needs timestamps at the other end");
    }
    if (odd) {
        reasons.emplace_back("one port of a range of odd size may be out of reach");
    }
    std::string text;
    for (const std::string& reason : reasons) {
        text += (text.empty() ? "" : ", ") + reason;
    }
    return text;
}

Arithmetic arithmetic_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                         const Occupation& occupation, const ReuseSettings& settings) {
    Arithmetic a;
    a.reuse = reuse_between(flow.source, flow.remote, settings);
    a.reuse.reusable = a.reuse.applies ? tally.reuse_ready : 0;
    a.in_use = std::min(less(tally.held, a.reuse.reusable), space.usable);
    const std::uint32_t blocked_for_sure = less(space.blocked_count, tally.held_blocked);
    a.blocked = blocked_for_sure + less(occupation.suspects, tally.suspect);

    const bool odd = space.range.size() % 2 == 1 && space.range.size() > 1;
    const std::uint32_t unclear = unclear_ports(tally, occupation, a.in_use);
    const std::uint32_t hidden = space.hidden_bound.value_or(space.usable);
    const std::uint32_t doubtful_reuse = a.reuse.inferred ? tally.reuse_ready : 0;
    a.free_max = less(space.usable, std::uint64_t{a.in_use} + blocked_for_sure);
    a.free = less(space.usable, std::uint64_t{a.in_use} + a.blocked);
    // What might be reused is among the unclear ports already: bind() may have taken it, too.
    a.free_min = less(a.free_max, std::uint64_t{unclear} + hidden + (odd ? 1 : 0));
    if (a.reuse.inferred && !a.reuse.applies) {
        a.free_max = std::min(space.usable, a.free_max + doubtful_reuse); // the mode could not be read
    }
    if (a.free_min != a.free_max) {
        a.inferred_because = reason_of(unclear, hidden, doubtful_reuse > 0, odd);
    }
    a.used_percent = space.usable > 0 ? 100 * (1 - static_cast<double>(a.free) / space.usable) : 100;
    const std::uint32_t live = less(tally.held, tally.held_time_wait);
    a.room = static_cast<double>(space.usable) - a.blocked - live;
    a.hold_seconds = a.reuse.applies ? std::max(settings.delay_ms / 1000.0, 0.001) : time_wait_seconds;
    return a;
}

} // namespace

Headline headline_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                     const Occupation& occupation, const ReuseSettings& settings) {
    const Arithmetic a = arithmetic_of(flow, tally, space, occupation, settings);
    return {a.used_percent, load_of(births(tally.ages), a.room, a.hold_seconds).percent};
}

facts::Destination destination_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                                  const Occupation& occupation, const ReuseSettings& settings) {
    const Arithmetic a = arithmetic_of(flow, tally, space, occupation, settings);
    const auto in_state = [&](State state) { return tally.states[static_cast<std::size_t>(state)]; };
    facts::Destination d;
    d.local = flow.source.to_text();
    d.remote = flow.remote.to_text();
    d.remote_port = flow.remote_port;
    d.device = flow.device;
    d.loopback = flow.source.is_loopback() || flow.remote.is_loopback();
    d.connections = tally.connections;
    for (const State state : connection_states) {
        d.states.emplace_back(name(state), in_state(state));
    }
    d.established = in_state(State::established);
    d.syn_sent = in_state(State::syn_sent);
    d.syn_sent_retried = tally.syn_sent_retried;
    d.fin_wait = in_state(State::fin_wait1) + in_state(State::fin_wait2);
    d.time_wait = in_state(State::time_wait);
    d.close_wait = in_state(State::close_wait);

    d.usable = space.usable;
    d.in_use = a.in_use;
    d.blocked = a.blocked;
    d.free = a.free;
    d.free_min = a.free_min;
    d.free_max = a.free_max;
    d.used_percent = a.used_percent;
    d.inferred_because = a.inferred_because;
    d.reuse = a.reuse;

    const Births rate = births(tally.ages);
    const Load load = load_of(rate, a.room, a.hold_seconds);
    d.births_5s = rate.over_5s;
    d.births_15s = rate.over_15s;
    d.births_60s = rate.over_60s;
    d.sustainable_rate = load.sustainable_rate;
    d.load_percent = load.percent;
    d.load_percent_15s = load.percent_15s;
    d.peak_percent = a.used_percent;
    if (!a.reuse.applies) { // with reuse a port is free again before the forecast begins
        const Forecast ahead = forecast(tally.ages, present_rate(rate), a.room);
        d.exhausted_in = ahead.full_after;
        const double others = static_cast<double>(space.usable) - a.room;
        d.peak_percent =
            space.usable > 0 ? std::min(100.0, 100 * (others + ahead.peak_ports) / space.usable) : 100;
    }
    return d;
}

} // namespace model
