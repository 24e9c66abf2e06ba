#include "snapshot/counters.h"

#include <algorithm>

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

Reading<std::uint64_t> sockets_outside_tables(const Counters& counters) {
    const auto allocated = counters.get("sockstat.TCP.alloc");
    const auto in_use = counters.get("sockstat.TCP.inuse");
    if (!allocated) {
        return allocated.error();
    }
    if (!in_use) {
        return in_use.error();
    }
    const std::uint64_t in_tables = *in_use + counters.get("sockstat6.TCP6.inuse").value_or(0);
    const std::uint64_t at_most =
        std::min(*allocated, counters.get("sockstat.sockets.used").value_or(*allocated));
    return at_most > in_tables ? at_most - in_tables : 0;
}

} // namespace snapshot
