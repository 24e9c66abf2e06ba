// Chance that is the same in every run and on every machine: no distribution of the standard library, whose
// results may differ.
#pragma once

#include <cmath>
#include <cstdint>

namespace day {

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    /// splitmix64
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// 0 <= x < 1
    double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

    /// 0 <= x < limit
    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(unit() * static_cast<double>(limit));
    }

    /// How many of many independent events happen where so many are expected (Poisson).
    std::uint32_t events(double expected) {
        if (expected <= 0) {
            return 0;
        }
        if (expected > 30) {
            const double near = std::round(expected + std::sqrt(expected) * normal());
            return near > 0 ? static_cast<std::uint32_t>(near) : 0;
        }
        const double limit = std::exp(-expected);
        std::uint32_t count = 0;
        for (double product = unit(); product > limit; product *= unit()) {
            ++count;
        }
        return count;
    }

  private:
    /// Nearly: the sum of twelve.
    double normal() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) {
            sum += unit();
        }
        return sum;
    }

    std::uint64_t state_;
};

} // namespace day
