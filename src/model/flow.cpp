#include "model/flow.h"

#include <algorithm>
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

double present_rate(const Births& births) {
    if (births.over_5s * 5 >= enough_sockets) {
        return births.over_5s;
    }
    return births.over_5s > 0 ? births.over_15s : 0;
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

} // namespace model
