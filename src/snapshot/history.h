// Samples of earlier runs, oldest first, as plain data. How they are kept is not known here.
#pragma once

#include "snapshot/counters.h"

#include <cstdint>
#include <vector>

namespace snapshot {

struct Sample {
    double time = 0; // seconds since the epoch
    std::uint64_t namespace_id = 0;
    Counters counters;
};

struct History {
    std::vector<Sample> samples;
};

} // namespace snapshot
