// Threshold ranges of Nagios.
#include "rules/range.h"
#include "tests/fuzz/harness.h"

#include <cmath>
#include <initializer_list>

namespace {

using fuzz::require;

void check_range(const rules::Range& range) {
    require(!(range.low > range.high), "the start is at most the end");
    const auto again = rules::parse_range(range.canonical(), "");
    require(again.has_value(), "a range in plain numbers is a range");
    const rules::Range sticky = range.sticky(5);
    for (const double at : {range.low, range.high}) {
        for (const double value : {at - 1, at, at + 1, 0.0, -1.0, 1e6}) {
            if (!std::isfinite(value)) {
                continue;
            }
            require(range.alerts(value) == again->alerts(value), "plain numbers alert at the same values");
            require(range.alerts(value) || range.excess(value) == 0,
                    "nothing is in excess that does not alert");
            require(range.excess(value) >= 0, "an excess is no negative number");
            require(!range.alerts(value) || sticky.alerts(value), "what alerts goes on to");
            require(!range.never_alerts() || !range.alerts(value), "what never alerts does not");
        }
    }
    require(rules::alerts_within(range, range), "a range lies within itself");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const char* unit : {"%", ""}) {
        const fuzz::MemoryLimit limit(size);
        const auto range = rules::parse_range(fuzz::text_of(data, size), unit);
        if (range) {
            check_range(*range);
        } else {
            require(!range.error().message.empty(), "a refusal says why");
        }
    }
    return 0;
}
