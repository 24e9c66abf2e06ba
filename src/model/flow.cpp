#include "model/flow.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace model {
namespace {

constexpr double enough_sockets = 20;

double born_within(const std::array<std::uint16_t, age_bins>& ages, std::size_t seconds) {
    return std::accumulate(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(seconds), 0.0);
}

double percent(double rate, double sustainable) {
    if (rate <= 0) {
        return 0;
    }
    return sustainable > 0 ? std::min(100 * rate / sustainable, most_load) : most_load;
}

} // namespace

Births births(const std::array<std::uint16_t, age_bins>& ages) {
    return {born_within(ages, 5) / 5, born_within(ages, 15) / 15, born_within(ages, 60) / 60};
}

Births births_under_reuse(const std::array<std::uint16_t, age_bins>& ages, std::uint32_t delay_ms) {
    const std::size_t seconds = std::clamp<std::size_t>(delay_ms / 1000, 1, age_bins - 1);
    const double complete = born_within(ages, seconds) / static_cast<double>(seconds);
    const Births seen = births(ages);
    return {std::max(seen.over_5s, complete), std::max(seen.over_15s, complete),
            std::max(seen.over_60s, complete)};
}

double present_rate(const Births& births) {
    const double last = births.over_5s * 5; // sockets
    if (last == 0) {
        return 0;
    }
    for (const double longer : {births.over_60s, births.over_15s}) {
        if (std::abs(longer * 5 - last) <= std::sqrt(last)) { // within the scatter of such a count
            return longer;
        }
    }
    return last >= enough_sockets ? births.over_5s : births.over_15s;
}

Load load_of(const Births& births, double room, double hold_seconds) {
    const double sustainable = std::max(room, 0.0) / hold_seconds;
    return {sustainable, percent(births.over_60s, sustainable), percent(births.over_15s, sustainable)};
}

Forecast forecast(const std::array<std::uint16_t, age_bins>& ages, double rate, double room) {
    double held = std::accumulate(ages.begin(), ages.end(), 0.0);
    Forecast result{held, std::nullopt};
    if (held >= room) {
        result.full_after = 0;
        return result;
    }
    if (rate <= 0) {
        return result;
    }
    constexpr int horizon =
        62; // at a constant rate the first of them is dead by then: nothing grows any more
    for (int second = 1; second <= horizon; ++second) {
        const int dying = static_cast<int>(age_bins) - second; // age bin that expires in this second
        const double before = held;
        held += rate - (dying >= 0 ? ages[static_cast<std::size_t>(dying)] : rate);
        result.peak_ports = std::max(result.peak_ports, held);
        if (held >= room) {
            result.full_after = second - 1 + (room - before) / (held - before);
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
