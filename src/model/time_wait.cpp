#include "model/time_wait.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace model {

namespace {

using Because = Reuse::Because;

constexpr std::uint32_t loopback_device = 1; // `lo` is the first device of every namespace

ReuseDelay delay_of(const snapshot::Sysctls& sysctls) {
    constexpr std::uint32_t longest_ms = snapshot::time_wait_ms;
    const auto set = sysctls.integer("net.ipv4.tcp_tw_reuse_delay");
    if (!set) {
        // Before Linux 6.14 a whole second must have begun since the last timestamp came: 0 to 1 s.
        return {0, set.error().why == base::Why::absent ? default_reuse_delay_ms : longest_ms};
    }
    const auto delay = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*set, 1, longest_ms));
    return {delay > reuse_margin_ms ? delay - reuse_margin_ms : 0, delay};
}

bool is_loopback(const snapshot::Flow& flow) {
    return flow.source.is_loopback() || flow.remote.is_loopback() || flow.device == loopback_device;
}

/// Mode 1, timestamps on at this end: what is known of the other end.
Reuse by_evidence(const snapshot::Timestamps* seen) {
    if (seen == nullptr || seen->with + seen->without == 0) {
        return {true, true, Because::peer_not_seen};
    }
    if (seen->without == 0) {
        return {true, false, Because::peer_uses_timestamps};
    }
    return {seen->with > seen->without, true, Because::peer_uses_some};
}

} // namespace

ReuseSettings reuse_settings(const snapshot::Sysctls& sysctls) {
    return {sysctls.integer("net.ipv4.tcp_tw_reuse"), sysctls.integer("net.ipv4.tcp_timestamps"),
            delay_of(sysctls)};
}

Reuse reuse_of(const snapshot::Flow& flow, const ReuseSettings& settings, const snapshot::Timestamps* seen) {
    const bool loopback = is_loopback(flow);
    if (!settings.mode) {
        return {false, true, Because::mode_unknown};
    }
    if (*settings.mode == 0) {
        return {false, false, Because::mode_off};
    }
    if (*settings.mode == 2 && !loopback) {
        return {false, false, Because::mode_loopback_only};
    }
    if (!settings.timestamps) {
        return {false, true, Because::timestamps_unknown};
    }
    if (*settings.timestamps == 0) {
        return {false, true, Because::timestamps_off};
    }
    return loopback ? Reuse{true, false, Because::on_loopback} : by_evidence(seen);
}

std::string reason_of(const Reuse& reuse, const ReuseSettings& settings, const snapshot::Timestamps* seen) {
    switch (reuse.because) {
    case Because::mode_unknown:
        return base::to_text(settings.mode.error());
    case Because::mode_off:
        return "tcp_tw_reuse is 0";
    case Because::mode_loopback_only:
        return "tcp_tw_reuse is 2: loopback only";
    case Because::timestamps_unknown:
        return base::to_text(settings.timestamps.error());
    case Because::timestamps_off:
        return "tcp_timestamps is 0: what was opened without timestamps is not reused";
    case Because::on_loopback:
        return fmt::format("tcp_tw_reuse is {}, loopback, timestamps on", *settings.mode);
    case Because::peer_not_seen:
        return "tcp_tw_reuse is 1; assumes that the other end sends timestamps too";
    case Because::peer_uses_timestamps:
        return fmt::format("tcp_tw_reuse is 1, and {} live connections to it use timestamps", seen->with);
    case Because::peer_uses_some:
        return fmt::format("tcp_tw_reuse is 1, but only {} of {} live connections to it use timestamps",
                           seen->with, seen->with + seen->without);
    }
    return {};
}

namespace {

constexpr double enough_sockets = 20;
constexpr double enough_to_miss = 8;

double born_within(const Ages& ages, std::size_t seconds) {
    return std::accumulate(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(seconds), 0.0);
}

double percent(double rate, double sustainable) {
    if (rate <= 0) {
        return 0;
    }
    return sustainable > 0 ? std::min(100 * rate / sustainable, most_load) : most_load;
}

/// Ports that come back in this second from now (1: the next one). The last bin, 60 s and more, is gone after
/// `slack` seconds.
double deaths(const Ages& ages, double rate, std::size_t second, std::size_t slack) {
    const std::size_t last = age_bins + slack - 1; // the second in which the youngest of now go
    if (second < slack) {
        return 0;
    }
    return second <= last ? ages[last - second] : rate;
}

} // namespace

Entries entries(const Ages& ages) {
    return {born_within(ages, 2) / 2, born_within(ages, 5) / 5, born_within(ages, 15) / 15,
            born_within(ages, time_wait_length) / time_wait_length};
}

Entries entries_under_reuse(const Ages& ages, std::uint32_t delay_ms) {
    const std::size_t seconds = std::clamp<std::size_t>(delay_ms / 1000, 1, age_bins - 1);
    const double complete = born_within(ages, seconds) / static_cast<double>(seconds);
    const Entries seen = entries(ages);
    return {std::max(seen.over_2s, complete), std::max(seen.over_5s, complete),
            std::max(seen.over_15s, complete), std::max(seen.over_60s, complete)};
}

double present_rate(const Entries& entries) {
    const double last = entries.over_5s * 5; // sockets
    if (last == 0) {
        return 0;
    }
    const double expected = entries.over_5s * 2; // sockets of the last 2 s, if the rate still holds
    if (expected >= enough_to_miss && entries.over_2s * 2 * 4 < expected) {
        return entries.over_2s;
    }
    for (const double longer : {entries.over_60s, entries.over_15s}) {
        if (std::abs(longer * 5 - last) <= std::sqrt(last)) { // within the scatter of such a count
            return longer;
        }
    }
    return last >= enough_sockets ? entries.over_5s : entries.over_15s;
}

std::optional<Trend> trend(const Ages& ages) {
    constexpr std::size_t seconds = 8;
    constexpr double enough_deviations = 4;
    const auto pair = [&](std::size_t first) { return ages[first] + ages[first + 1]; };
    for (std::size_t first = 0; first + 3 < seconds; first += 2) {
        if (pair(first) <= pair(first + 2)) {
            return std::nullopt; // also a step, of which the older seconds know nothing
        }
    }
    // Least squares; the middle of a bin is half a second older than its number.
    constexpr double middle = seconds / 2.0;
    double squares = 0;
    double product = 0;
    for (std::size_t age = 0; age < seconds; ++age) {
        const double later = middle - (static_cast<double>(age) + 0.5);
        squares += later * later;
        product += later * ages[age];
    }
    const double mean = born_within(ages, seconds) / seconds;
    const Trend result{mean + product / squares * middle, product / squares};
    const bool is_scatter = result.growth < enough_deviations * std::sqrt(mean / squares);
    return is_scatter || pair(seconds - 2) == 0 ? std::nullopt : std::optional(result);
}

Load load_of(const Entries& entries, double room, double hold_seconds) {
    const double sustainable = std::max(room, 0.0) / hold_seconds;
    const double before = (entries.over_15s * 15 - entries.over_5s * 5) / 10;
    return {sustainable, percent(entries.over_60s, sustainable), percent(entries.over_15s, sustainable),
            percent(std::min(entries.over_5s, before), sustainable)};
}

Forecast forecast(const Ages& ages, const Trend& trend, double room) {
    constexpr double grows_for = 15; // seconds; then the rate stays
    double held = std::accumulate(ages.begin(), ages.end(), 0.0);
    Forecast result{held, std::nullopt};
    if (held >= room) {
        result.full_after = 0;
        return result;
    }
    if (trend.rate <= 0) {
        return result;
    }
    // Near the limit the scatter of the timers decides: a rate that lasts gets the fast half of it.
    constexpr auto slow = static_cast<std::size_t>(time_wait_slack);
    const std::size_t slack = trend.rate * time_wait_seconds > room ? slow : slow - 1;
    // Nothing grows any more once the first of the new ones dies, and the rate has stayed for as long.
    constexpr std::size_t horizon = age_bins + slow;
    for (std::size_t second = 1; second <= horizon; ++second) {
        const double before = held;
        const double grown = std::min(static_cast<double>(second) - 0.5, grows_for);
        const double rate = trend.rate + trend.growth * grown;
        held += rate - deaths(ages, rate, second, slack);
        result.peak_ports = std::max(result.peak_ports, held);
        if (held >= room) {
            result.full_after = static_cast<double>(second) - 1 + (room - before) / (held - before);
            return result;
        }
    }
    return result;
}

Forecast forecast_under_reuse(double young, double rate, double room, double hold_seconds) {
    const double lasting = rate * hold_seconds;
    Forecast result{std::min(std::max(young, lasting), std::max(room, 0.0)), std::nullopt};
    if (young >= room) {
        result.full_after = 0;
    } else if (lasting > room) {
        result.full_after = (room - young) / rate;
    }
    return result;
}

} // namespace model
