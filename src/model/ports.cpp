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

using snapshot::TcpState;

constexpr std::array<TcpState, 9> connection_states = {
    TcpState::syn_sent, TcpState::syn_recv,  TcpState::established, TcpState::fin_wait1, TcpState::fin_wait2,
    TcpState::closing,  TcpState::time_wait, TcpState::close_wait,  TcpState::last_ack};

std::uint32_t less(std::uint32_t from, std::uint64_t what) {
    return from > what ? from - static_cast<std::uint32_t>(what) : 0;
}

std::uint32_t unclear_of(const PortCounts& held) {
    return held.ports - held.blocked;
}

/// Works it out once.
template <typename T, typename F>
const T& once(std::optional<T>& known, F work_out) {
    if (!known) {
        known = work_out();
    }
    return *known;
}

} // namespace

const Reuse& PortUse::reuse() const {
    return once(reuse_, [&] { return reuse_of(flow_, settings_, seen_); });
}

/// What TIME_WAIT gives back where reuse applies, but not what looks taken by bind().
const PortUse::Estimate& PortUse::estimate() const {
    return once(estimate_, [&] {
        Estimate e;
        const std::uint32_t suspect_held =
            tally_.fixed.suspect + tally_.perhaps.suspect + tally_.ready.suspect;
        e.reusable = reuse().applies ? tally_.ready.ports - tally_.ready.suspect : 0;
        e.in_use = tally_.held() - e.reusable;
        e.blocked = blocked_for_sure() + occupation_.suspects - suspect_held;
        e.free = less(ports_.usable, std::uint64_t{e.in_use} + e.blocked);
        e.used_percent = ports_.usable > 0 ? 100 * (1 - static_cast<double>(e.free) / ports_.usable) : 100;
        e.room = static_cast<double>(ports_.usable) - e.blocked - (tally_.held() - tally_.time_wait_ports);
        return e;
    });
}

/// At the worst bind() has chosen all ports that it may have chosen, a few more that look like those of
/// connect(), and no port comes back that is not known to.
const PortUse::Worst& PortUse::worst() const {
    return once(worst_, [&] {
        constexpr std::uint32_t one_in = 25; // ports
        const bool sure_to_reuse = reuse().applies && !reuse().inferred;
        const std::uint32_t reusable = sure_to_reuse ? tally_.ready.ports - tally_.ready.doubted : 0;
        const std::uint32_t doubts =
            less(occupation_.doubts, tally_.fixed.doubted + tally_.perhaps.doubted + tally_.ready.doubted);
        const std::uint32_t unclear_held =
            unclear_of(tally_.fixed) + unclear_of(tally_.perhaps) + unclear_of(tally_.ready);
        const std::uint32_t others = less(occupation_.unclear, std::uint64_t{unclear_held} + doubts);
        const std::uint32_t more = std::min(others, ports_.usable / one_in);
        const std::uint32_t free =
            less(ports_.usable, std::uint64_t{tally_.held()} - reusable + blocked_for_sure() + doubts + more);
        Worst w;
        w.free = std::clamp(free, bounds().free_min, std::max(bounds().free_min, estimate().free));
        w.used_percent = ports_.usable > 0 ? 100 * (1 - static_cast<double>(w.free) / ports_.usable) : 100;
        w.bound = doubts + more;
        w.reuse = reuse().applies && reuse().inferred ? tally_.ready.ports : 0;
        return w;
    });
}

std::string PortUse::untold() const {
    if (worst().free == estimate().free) {
        return "";
    }
    const bool by_reuse = worst().reuse > worst().bound;
    return by_reuse ? "a live connection that shows whether the other end sends timestamps"
                    : "knowing which of these ports bind() chose, which no socket of now tells";
}

PortUse::Uncertain PortUse::uncertain() const {
    const bool may_reuse = reuse().applies || reuse().inferred;
    const bool sure_to_reuse = reuse().applies && !reuse().inferred;
    std::uint32_t unclear_held = unclear_of(tally_.fixed) + unclear_of(tally_.perhaps);
    if (!sure_to_reuse) {
        unclear_held += unclear_of(tally_.ready);
    }
    return {less(occupation_.unclear, unclear_held), ports_.hidden_bound.value_or(ports_.usable),
            may_reuse ? tally_.perhaps.ports : 0, reuse().inferred ? tally_.ready.ports : 0,
            ports_.range.size() % 2 == 1 && ports_.range.size() > 1};
}

/// free_max takes each doubtful port for free, free_min takes none.
const PortUse::Bounds& PortUse::bounds() const {
    return once(bounds_, [&] {
        const bool may_reuse = reuse().applies || reuse().inferred;
        const bool sure_to_reuse = reuse().applies && !reuse().inferred;
        const Uncertain unsure = uncertain();
        const std::uint32_t held_least =
            tally_.fixed.ports + (may_reuse ? 0 : tally_.perhaps.ports + tally_.ready.ports);
        const std::uint32_t held_most =
            tally_.fixed.ports + tally_.perhaps.ports + (sure_to_reuse ? 0 : tally_.ready.ports);
        return Bounds{less(ports_.usable, std::uint64_t{held_most} + blocked_for_sure() + unsure.unclear +
                                              unsure.hidden + (unsure.odd ? 1 : 0)),
                      less(ports_.usable, std::uint64_t{held_least} + blocked_for_sure())};
    });
}

std::string PortUse::inferred_because() const {
    if (bounds().free_min == bounds().free_max) {
        return "";
    }
    const Uncertain unsure = uncertain();
    std::vector<std::string> reasons;
    if (unsure.unclear > 0) {
        reasons.push_back(std::to_string(unsure.unclear) +
                          " ports with connections may have been taken by bind()");
    }
    if (unsure.hidden > 0) {
        reasons.push_back("up to " + std::to_string(unsure.hidden) +
                          " sockets may be bound without a connection");
    }
    if (unsure.young > 0) {
        reasons.push_back(std::to_string(unsure.young) +
                          " ports in TIME_WAIT may be older than their timers say, and reusable");
    }
    if (unsure.doubtful > 0) {
        reasons.emplace_back("reuse needs timestamps at the other end");
    }
    if (unsure.odd) {
        reasons.emplace_back("one port of a range of odd size may be out of reach");
    }
    return base::join(reasons, ", ");
}

const Entries& PortUse::entries() const {
    return once(entries_, [&] {
        return reuse().applies ? entries_under_reuse(tally_.ages, settings_.delay.most)
                               : model::entries(tally_.ages);
    });
}

const Load& PortUse::load() const {
    return once(load_, [&] { return load_of(entries(), estimate().room, port_time()); });
}

const PortUse::NextMinute& PortUse::next_minute() const {
    return once(next_minute_, [&] {
        const double room = estimate().room;
        const double rate = present_rate(entries());
        const Forecast ahead =
            reuse().applies
                ? forecast_under_reuse(tally_.time_wait_ports - estimate().reusable, rate, room, port_time())
                : forecast(tally_.ages, {rate}, room);
        const auto growing = reuse().applies ? std::nullopt : trend(tally_.ages);
        std::optional<double> soonest = ahead.full_after;
        if (const auto grown = growing ? forecast(tally_.ages, *growing, room).full_after : std::nullopt) {
            soonest = std::min(*grown, soonest.value_or(*grown));
        }
        const double others = static_cast<double>(ports_.usable) - room;
        return NextMinute{
            ports_.usable > 0 ? std::min(100.0, 100 * (others + ahead.peak_ports) / ports_.usable) : 100,
            soonest, ahead.full_after};
    });
}

facts::Destination destination_of(const PortUse& use) {
    facts::Destination d;
    d.local = use.flow().source.to_text();
    d.remote = use.flow().remote.to_text();
    d.remote_port = use.flow().remote_port;
    d.device = use.flow().device;
    d.loopback = use.loopback();
    d.connections = use.tally().connections;
    for (const TcpState state : connection_states) {
        d.states.emplace_back(name(state), use.in_state(state));
    }
    d.established = use.in_state(TcpState::established);
    d.syn_sent = use.in_state(TcpState::syn_sent);
    d.time_wait = use.in_state(TcpState::time_wait);

    d.usable = use.ports().usable;
    d.in_use = use.estimate().in_use;
    d.blocked = use.estimate().blocked;
    d.free = use.estimate().free;
    d.free_min = use.bounds().free_min;
    d.free_max = use.bounds().free_max;
    d.used_percent = use.estimate().used_percent;
    d.inferred_because = use.inferred_because();
    d.reuse = {use.reuse().applies, use.reuse().inferred, use.estimate().reusable, use.reuse_reason()};

    d.entries_5s = use.entries().over_5s;
    d.entries_15s = use.entries().over_15s;
    d.entries_60s = use.entries().over_60s;
    d.sustainable_rate = use.load().sustainable_rate;
    d.load_percent = use.load().percent;
    d.load_percent_15s = use.load().percent_15s;
    d.exhausted_in = use.next_minute().full_after;
    d.exhausted_at_this_rate = use.next_minute().at_this_rate;
    d.peak_percent = use.next_minute().peak_percent;
    return d;
}

namespace {

constexpr std::string_view blocked_word = "blocked";

using HolderCount = std::pair<std::string, std::uint32_t>;

std::vector<HolderCount> holders_of(const facts::Destination& d) {
    std::vector<HolderCount> holders(d.states.begin(), d.states.end());
    for (auto& [state, ports] : holders) {
        if (state == "TIME_WAIT") {
            ports -= std::min(ports, d.reuse.reusable);
        }
    }
    holders.emplace_back(blocked_word, d.blocked);
    std::stable_sort(holders.begin(), holders.end(),
                     [](const HolderCount& a, const HolderCount& b) { return a.second > b.second; });
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
        const bool is_state = holder != blocked_word;
        const std::string_view verb = !is_state ? "" : named_a_state ? "by " : "held by ";
        parts.push_back(fmt::format("{} {}{}", ports, verb, holder));
        named_a_state = named_a_state || is_state;
    }
    return parts.empty() ? "none held" : base::join(parts, ", ");
}

} // namespace model
