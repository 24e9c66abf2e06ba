#include "model/ports.h"

#include "base/text.h"
#include "model/time_wait.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

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
    Births births;
};

std::uint32_t less(std::uint32_t from, std::uint64_t what) {
    return from > what ? from - static_cast<std::uint32_t>(what) : 0;
}

std::uint32_t unclear_of(const Held& held) {
    return held.ports - held.blocked - held.open;
}

struct Doubts {
    std::uint32_t unclear;  // ports of others
    std::uint32_t hidden;   // bound sockets
    std::uint32_t young;    // TIME_WAIT at the reuse delay
    std::uint32_t doubtful; // TIME_WAIT whose timestamps nobody saw
    bool odd;
};

std::string reason_of(const Doubts& doubts) {
    std::vector<std::string> reasons;
    if (doubts.unclear > 0) {
        reasons.push_back(std::to_string(doubts.unclear) +
                          " ports with connections may have been taken by bind()");
    }
    if (doubts.hidden > 0) {
        reasons.push_back("up to " + std::to_string(doubts.hidden) +
                          " sockets may be bound without a connection");
    }
    if (doubts.young > 0) {
        reasons.push_back(std::to_string(doubts.young) +
                          " ports in TIME_WAIT are just about to become reusable");
    }
    if (doubts.doubtful > 0) {
        reasons.emplace_back("reuse needs timestamps at the other end");
    }
    if (doubts.odd) {
        reasons.emplace_back("one port of a range of odd size may be out of reach");
    }
    return base::join(reasons, ", ");
}

/// The estimate: what TIME_WAIT gives back where reuse applies, but not what looks taken by bind().
void estimate(Arithmetic& a, const Tally& tally, const PortSpace& space, const Occupation& occupation) {
    const std::uint32_t suspect_held = tally.fixed.suspect + tally.perhaps.suspect + tally.ready.suspect;
    a.reuse.reusable = a.reuse.applies ? tally.ready.ports - tally.ready.suspect : 0;
    a.in_use = tally.held() - a.reuse.reusable;
    a.blocked = space.blocked_count - tally.fixed.blocked + occupation.suspects - suspect_held;
    a.free = less(space.usable, std::uint64_t{a.in_use} + a.blocked);
}

/// Adds the bounds, and why they differ. free_max takes each doubtful port for free, free_min takes none.
void bound(Arithmetic& a, const Tally& tally, const PortSpace& space, const Occupation& occupation) {
    const bool may_reuse = a.reuse.applies || a.reuse.inferred;
    const bool sure_to_reuse = a.reuse.applies && !a.reuse.inferred;
    const bool odd = space.range.size() % 2 == 1 && space.range.size() > 1;
    const std::uint32_t hidden = space.hidden_bound.value_or(space.usable);
    const std::uint32_t blocked = space.blocked_count - tally.fixed.blocked;

    const std::uint32_t held_least =
        tally.fixed.ports + (may_reuse ? 0 : tally.perhaps.ports + tally.ready.ports);
    a.free_max = less(space.usable, std::uint64_t{held_least} + blocked);

    std::uint32_t held_most = tally.fixed.ports + tally.perhaps.ports;
    std::uint32_t unclear_held = unclear_of(tally.fixed) + unclear_of(tally.perhaps);
    if (!sure_to_reuse) {
        held_most += tally.ready.ports;
        unclear_held += unclear_of(tally.ready);
    }
    const std::uint32_t unclear = less(occupation.unclear, unclear_held);
    a.free_min = less(space.usable, std::uint64_t{held_most} + blocked + unclear + hidden + (odd ? 1 : 0));
    if (a.free_min != a.free_max) {
        const std::uint32_t young = may_reuse ? tally.perhaps.ports : 0;
        const std::uint32_t doubtful = a.reuse.inferred ? tally.ready.ports : 0;
        a.inferred_because = reason_of({unclear, hidden, young, doubtful, odd});
    }
}

/// All but the bounds, which a headline does without.
Arithmetic arithmetic_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                         const Occupation& occupation, const ReuseSettings& settings,
                         const snapshot::Timestamps* seen) {
    Arithmetic a;
    a.reuse = reuse_of(flow, settings, seen);
    estimate(a, tally, space, occupation);
    a.used_percent = space.usable > 0 ? 100 * (1 - static_cast<double>(a.free) / space.usable) : 100;
    a.room = static_cast<double>(space.usable) - a.blocked - (tally.held() - tally.time_wait_ports);
    a.hold_seconds = a.reuse.applies ? std::max(settings.delay.most / 1000.0, 0.001) : time_wait_seconds;
    a.births = a.reuse.applies ? births_under_reuse(tally.ages, settings.delay.most) : births(tally.ages);
    return a;
}

Forecast forecast_of(const Arithmetic& a, const Tally& tally) {
    const double rate = present_rate(a.births);
    return a.reuse.applies
               ? forecast_under_reuse(tally.time_wait_ports - a.reuse.reusable, rate, a.room, a.hold_seconds)
               : forecast(tally.ages, rate, a.room);
}

} // namespace

Headline headline_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                     const Occupation& occupation, const ReuseSettings& settings,
                     const snapshot::Timestamps* seen) {
    const Arithmetic a = arithmetic_of(flow, tally, space, occupation, settings, seen);
    return {a.used_percent, load_of(a.births, a.room, a.hold_seconds).percent};
}

facts::Destination destination_of(const snapshot::Flow& flow, const Tally& tally, const PortSpace& space,
                                  const Occupation& occupation, const ReuseSettings& settings,
                                  const snapshot::Timestamps* seen) {
    Arithmetic a = arithmetic_of(flow, tally, space, occupation, settings, seen);
    bound(a, tally, space, occupation);
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
    d.established_retrying = tally.established_retrying;
    d.syn_sent = in_state(State::syn_sent);
    d.syn_sent_retried = tally.syn_sent_retried;
    d.fin_wait = in_state(State::fin_wait1) + in_state(State::fin_wait2);
    d.time_wait = in_state(State::time_wait);
    d.close_wait = in_state(State::close_wait);
    d.lasting = d.established + d.fin_wait + d.close_wait;

    d.usable = space.usable;
    d.in_use = a.in_use;
    d.blocked = a.blocked;
    d.free = a.free;
    d.free_min = a.free_min;
    d.free_max = a.free_max;
    d.used_percent = a.used_percent;
    d.inferred_because = a.inferred_because;
    d.reuse = a.reuse;

    const Load load = load_of(a.births, a.room, a.hold_seconds);
    d.births_5s = a.births.over_5s;
    d.births_15s = a.births.over_15s;
    d.births_60s = a.births.over_60s;
    d.turnover = std::max(a.room, 0.0);
    d.port_time = a.hold_seconds;
    d.sustainable_rate = load.sustainable_rate;
    d.load_percent = load.percent;
    d.load_percent_15s = load.percent_15s;
    d.load_percent_lasting = load.percent_lasting;
    const Forecast ahead = forecast_of(a, tally);
    d.exhausted_in = ahead.full_after;
    const double others = static_cast<double>(space.usable) - a.room;
    d.peak_percent =
        space.usable > 0 ? std::min(100.0, 100 * (others + ahead.peak_ports) / space.usable) : 100;
    return d;
}

namespace {

constexpr std::string_view blocked = "blocked";

using Holder = std::pair<std::string, std::uint32_t>;

std::vector<Holder> holders_of(const facts::Destination& d) {
    std::vector<Holder> holders(d.states.begin(), d.states.end());
    for (auto& [state, ports] : holders) {
        if (state == "TIME_WAIT") {
            ports -= std::min(ports, d.reuse.reusable);
        }
    }
    holders.emplace_back(blocked, d.blocked);
    std::stable_sort(holders.begin(), holders.end(),
                     [](const Holder& a, const Holder& b) { return a.second > b.second; });
    return holders;
}

} // namespace

std::string held_by(const facts::Destination& destination) {
    constexpr std::size_t most_named = 2;
    constexpr std::uint64_t least_share = 10; // one in so many
    const std::uint64_t taken = std::uint64_t{destination.in_use} + destination.blocked;
    std::vector<std::string> parts;
    bool named_a_state = false;
    for (const auto& [holder, ports] : holders_of(destination)) {
        if (ports == 0 || parts.size() == most_named || ports * least_share < taken) {
            break;
        }
        const bool is_state = holder != blocked;
        const std::string_view verb = !is_state ? "" : named_a_state ? "by " : "held by ";
        parts.push_back(fmt::format("{} {}{}", ports, verb, holder));
        named_a_state = named_a_state || is_state;
    }
    return parts.empty() ? "none held" : base::join(parts, ", ");
}

} // namespace model
