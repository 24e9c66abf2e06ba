#include "render/states_table.h"

#include "render/bars.h"
#include "render/sums.h"
#include "render/table.h"

#include <algorithm>

namespace render {
namespace {

using facts::StateCount;
using Count = std::optional<std::uint64_t>;

std::string cell(Count count) {
    return count ? std::to_string(*count) : "-";
}

/// What is known of all states together.
struct Total {
    std::uint64_t ipv4 = 0;
    std::uint64_t ipv6 = 0;
    std::uint64_t largest = 0;
    bool complete = true;
};

Total total_of(const std::vector<StateCount>& states) {
    Total total;
    for (const StateCount& state : states) {
        total.ipv4 += state.ipv4.value_or(0);
        total.ipv6 += state.ipv6.value_or(0);
        total.largest = std::max(total.largest, sum(state.ipv4, state.ipv6).value_or(0));
        total.complete = total.complete && state.ipv4 && state.ipv6;
    }
    return total;
}

} // namespace

void states_table(std::ostream& out, const Style& style, const std::vector<StateCount>& states) {
    const Total total = total_of(states);
    Table table({{"STATE"}, {"IPv4", Align::right}, {"IPv6", Align::right}, {"TOTAL", Align::right}, {""}});
    constexpr std::size_t least_bar = 10;
    constexpr std::size_t widest_bar = 40;
    constexpr std::size_t columns_of_numbers = 44;
    const auto width = static_cast<std::size_t>(std::max(style.width, 0));
    const std::size_t room = std::clamp(width - std::min(width, columns_of_numbers), least_bar, widest_bar);
    for (const StateCount& state : states) {
        const Count both = sum(state.ipv4, state.ipv6);
        table.add_row({std::string(state.name), cell(state.ipv4), cell(state.ipv6), cell(both),
                       bar(static_cast<double>(both.value_or(0)), static_cast<double>(total.largest), room,
                           style.unicode ? Ink::unicode : Ink::ascii)});
    }
    table.add_row({total.complete ? "TOTAL" : "TOTAL SEEN", std::to_string(total.ipv4),
                   std::to_string(total.ipv6), std::to_string(total.ipv4 + total.ipv6), ""});
    table.write(out);
}

} // namespace render
