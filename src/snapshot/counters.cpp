#include "snapshot/counters.h"

namespace snapshot {

Reading<std::uint64_t> Counters::get(std::string_view key) const {
    if (const auto found = values_.find(key); found != values_.end()) {
        return found->second;
    }
    for (const auto& [prefix, gap] : gaps_) {
        if (key.starts_with(prefix)) {
            return gap;
        }
    }
    return base::Gap{std::string(key), base::Why::absent, {}};
}

} // namespace snapshot
