// `tcpadvisor states` for people: what netstat | awk and ss -s told, with what could not be seen.
#include "render/bars.h"
#include "render/prose.h"
#include "render/state_diagram.h"
#include "render/sums.h"
#include "render/table.h"
#include "render/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

using facts::NamespaceStates;
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

std::string known(Count count, std::string_view what) {
    return fmt::format("{} {}", count ? std::to_string(*count) : "unknown", what);
}

void sockstat_lines(std::ostream& out, const Style& style, const facts::Sockstat& sockstat) {
    if (!sockstat.in_use && !sockstat.in_use6 && !sockstat.time_wait && !sockstat.allocated) {
        return;
    }
    out << '\n';
    paragraph(out, style, "sockstat: ",
              fmt::format("{}, {}, {}", known(sockstat.in_use, "in use (IPv4)"),
                          known(sockstat.in_use6, "in use (IPv6)"),
                          known(sockstat.time_wait, "in TIME_WAIT or orphaned FIN_WAIT2")));
    paragraph(out, style, "host:     ",
              fmt::format("{}, {}, {}", known(sockstat.allocated, "sockets allocated"),
                          known(sockstat.orphan, "orphaned"), known(sockstat.memory, "pages of memory")));
}

void namespace_text(std::ostream& out, const Style& style, const NamespaceStates& space) {
    const std::string source = space.source.empty() ? "" : " (from " + space.source + ")";
    paragraph(out, style, "", space.label + source);
    out << '\n';
    if (space.unknown) {
        paragraph(out, style, "", "The counts are unknown, not zero: " + base::to_text(*space.unknown));
    } else {
        states_table(out, style, space.states);
    }
    sockstat_lines(out, style, space.sockstat);
    if (!space.unknown && style.verbosity >= 0) {
        out << '\n';
        state_diagram(out, style, space.states);
    }
    gap_list(out, style, space.unknown ? space.gaps : gaps_of(space));
}

} // namespace

void states_text(const Origin& origin, const std::vector<NamespaceStates>& spaces, const Style& style,
                 std::ostream& out) {
    if (style.verbosity >= 0) {
        origin_line(out, style, origin);
        out << '\n';
    }
    if (spaces.empty()) {
        out << "no namespace was looked at\n";
    }
    bool first = true;
    for (const NamespaceStates& space : spaces) {
        if (!first) {
            out << '\n';
        }
        first = false;
        namespace_text(out, style, space);
    }
}

} // namespace render
