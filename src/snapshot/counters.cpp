#include "snapshot/counters.h"

namespace snapshot {

Reading<std::uint64_t> Counters::get(Counter counter) const {
    if (const auto& value = values_[counter]) {
        return *value;
    }
    for (const auto& [prefix, gap] : gaps_) {
        if (counter.key().starts_with(prefix)) {
            return gap;
        }
    }
    return base::Gap{std::string(counter.key()), base::Why::absent, {}};
}

} // namespace snapshot
