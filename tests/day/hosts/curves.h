// How much is going on, by the time of the day.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

namespace day {

using Points = std::initializer_list<std::pair<double, double>>; // hour of the day, level; from 0 to 24

/// The level at `now` (seconds since midnight), straight from point to point.
inline double level(double now, Points points) {
    const double hours = std::fmod(now / 3600, 24);
    const auto* next = std::find_if(points.begin() + 1, points.end(),
                                    [&](const auto& point) { return point.first >= hours; });
    const auto& [from, low] = *(next - 1);
    const auto& [to, high] = *next;
    return low + (high - low) * (hours - from) / (to - from);
}

/// Goes up and down around 1 in some minutes, by as much as `share`.
inline double restless(double now, double share) {
    return 1 + share * (0.5 * std::sin(now / 41) + 0.3 * std::sin(now / 173) + 0.2 * std::sin(now / 611));
}

} // namespace day
