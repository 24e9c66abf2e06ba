// `tcpadvisor ports` and `tcpadvisor states` for people: a table of destinations, and what netstat | awk and
// ss -s told, with what could not be seen.
#include "render/answers.h"

#include "base/number.h"
#include "base/text.h"
#include "render/table.h"
#include "render/words.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace render {

namespace {

using Count = std::optional<std::uint64_t>;
using facts::Destination;
using facts::NetnsPorts;
using facts::NetnsStates;
using facts::StateCount;

/// From the widest to the narrowest; the last one fits 80 columns whatever the addresses are, and 60 as it
/// then goes without the gauge.
enum class Layout { gauges, percents, two_lines };

enum class From { shown, same_everywhere };

std::string used_cell(const Destination& destination, const Style& style, Layout layout) {
    constexpr std::size_t gauge_width = 10;
    std::string percent = base::to_text(destination.used_percent, 0) + " %";
    constexpr int room_for_gauge = 80;
    if (layout == Layout::percents || style.width < room_for_gauge) {
        return percent;
    }
    return fmt::format("{} {:>5}", gauge(destination.used_percent, 100, gauge_width, ink_of(style)), percent);
}

std::vector<TextColumn> columns_of(Layout layout, From from) {
    std::vector<TextColumn> columns;
    if (layout != Layout::two_lines) {
        columns.push_back({"REMOTE"});
        if (from == From::shown) {
            columns.push_back({"FROM"});
        }
    }
    for (const char* title : {"CONNS", "TIME_WAIT", "FREE/USABLE", "USED", "RATE/s", "LEFT"}) {
        columns.push_back({title, Align::right});
    }
    return columns;
}

/// "42 s" until no port is free, "none" if that is so now, "-" if it is not in sight.
std::string time_left(const facts::Destination& destination) {
    if (destination.free == 0) {
        return "none";
    }
    return destination.exhausted_in && !destination.no_timers ? duration(*destination.exhausted_in) : "-";
}

TextTable table_of(const std::vector<Destination>& destinations, const Style& style, Layout layout,
                   From from) {
    TextTable table(columns_of(layout, from));
    for (const Destination& destination : destinations) {
        std::vector<std::string> cells;
        if (layout != Layout::two_lines) {
            cells.push_back(remote_of(destination));
            if (from == From::shown) {
                cells.push_back(local_of(destination));
            }
        }
        const bool estimated = destination.free_min != destination.free_max;
        cells.push_back(std::to_string(destination.connections));
        cells.push_back(std::to_string(destination.time_wait));
        cells.push_back(fmt::format("{}{}/{}", estimated ? "~" : "", destination.free, destination.usable));
        cells.push_back(used_cell(destination, style, layout));
        cells.push_back(destination.no_timers ? "-" : base::to_text(destination.entries_15s));
        cells.push_back(time_left(destination));
        table.add_row(std::move(cells));
    }
    return table;
}

void write_two_lines(std::ostream& out, const Style& style, const std::vector<Destination>& destinations,
                     From from) {
    const auto lines = table_of(destinations, style, Layout::two_lines, from).lines();
    out << "  " << lines.front() << '\n';
    for (std::size_t i = 0; i < destinations.size(); ++i) {
        paragraph(out, style, "",
                  remote_of(destinations[i]) +
                      (from == From::shown ? " from " + local_of(destinations[i]) : ""));
        out << "  " << lines[i + 1] << '\n';
    }
}

void write_table(std::ostream& out, const Style& style, const std::vector<Destination>& destinations,
                 From from) {
    for (const Layout layout : {Layout::gauges, Layout::percents}) {
        const TextTable table = table_of(destinations, style, layout, from);
        if (table.width() <= static_cast<std::size_t>(std::max(style.width, 0))) {
            table.write(out);
            return;
        }
    }
    write_two_lines(out, style, destinations, from);
}

/// Lines that explain marks, after an empty one, only where the marks are.
void legend(std::ostream& out, const Style& style, const std::vector<Destination>& destinations) {
    const auto any = [&](auto&& test) { return std::any_of(destinations.begin(), destinations.end(), test); };
    const bool estimated = any([](const Destination& d) { return d.free_min != d.free_max; });
    const bool ending = any([](const Destination& d) { return d.exhausted_in.has_value(); });
    if (estimated || ending) {
        out << '\n';
    }
    if (estimated) {
        paragraph(out, style, "~ ",
                  "estimated: tcpadvisor ports --to ADDRESS:PORT says between which bounds, and why");
    }
    if (ending) {
        paragraph(out, style, "LEFT ", "time until no port is free, if connections go on at this rate");
    }
}

void netns_text(std::ostream& out, const Style& style, const NetnsPorts& netns, PortsView view) {
    if (netns.unknown) {
        paragraph(out, style, "", netns.label + ": port use is unknown, " + base::to_text(*netns.unknown));
        return;
    }
    if (view == PortsView::asked) {
        asked_text(out, style, netns);
        return;
    }
    paragraph(out, style, "",
              fmt::format("{}: local ports {}-{}, {} less {} reserved = {} usable", netns.label, netns.low,
                          netns.high, netns.size, netns.reserved,
                          netns.size - std::min(netns.size, netns.reserved)));
    if (netns.destinations.empty()) {
        out << "No outgoing connections.\n";
        return;
    }
    ports_table(out, style, netns.destinations);
}

std::string cell(Count count) {
    return count ? std::to_string(*count) : "-";
}

/// What is known of all states together.
struct FamilyTotals {
    std::uint64_t ipv4 = 0;
    std::uint64_t ipv6 = 0;
    std::uint64_t both = 0;
    std::uint64_t largest = 0;
    bool complete = true;
};

FamilyTotals total_of(const std::vector<StateCount>& states) {
    FamilyTotals total;
    for (const StateCount& state : states) {
        total.ipv4 += state.ipv4.value_or(0);
        total.ipv6 += state.ipv6.value_or(0);
        total.largest = std::max(total.largest, at_least(state));
        total.both += at_least(state);
        total.complete = total.complete && state.ipv4 && state.ipv6;
    }
    return total;
}

template <typename Number>
std::string number_or_unknown(const std::optional<Number>& number) {
    return number ? std::to_string(*number) : "unknown";
}

/// As `ss -s` prints it, so that whoever knows that finds it here.
void summary_lines(std::ostream& out, const Style& style, const NetnsStates& netns) {
    const facts::SocketSummary& summary = netns.summary;
    if (summary.transports.empty()) {
        return;
    }
    out << '\n';
    out << "Total: " << number_or_unknown(summary.total) << '\n';
    paragraph(out, style, "TCP:   ",
              fmt::format("{} (estab {}, closed {}, orphaned {}, timewait {})",
                          number_or_unknown(summary.tcp), number_or_unknown(summary.established),
                          number_or_unknown(summary.closed), number_or_unknown(netns.sockstat.orphan),
                          number_or_unknown(netns.sockstat.time_wait)));
    out << '\n';
    TextTable table({{"Transport"}, {"Total", Align::right}, {"IP", Align::right}, {"IPv6", Align::right}});
    for (const facts::SocketSummary::Transport& transport : summary.transports) {
        table.add_row({std::string(transport.name), cell(sum(transport.ip, transport.ipv6)),
                       cell(transport.ip), cell(transport.ipv6)});
    }
    table.write(out);
    out << '\n';
    paragraph(
        out, style, "",
        fmt::format("TCP: {} sockets allocated, {} orphaned and {} pages of memory are the whole host's.",
                    number_or_unknown(netns.sockstat.allocated), number_or_unknown(netns.sockstat.orphan),
                    number_or_unknown(netns.sockstat.memory)));
}

void netns_text(std::ostream& out, const Style& style, const NetnsStates& netns) {
    const std::string source = netns.source.empty() ? "" : " (from " + netns.source + ")";
    paragraph(out, style, "", netns.label + source);
    out << '\n';
    counts_text(out, style, netns);
    summary_lines(out, style, netns);
    if (!netns.unknown && style.verbosity >= 0) {
        out << '\n';
        state_diagram(out, style, netns.states);
    }
    gap_list(out, style, netns.unknown ? netns.gaps : gaps_of(netns));
    next_time_text(out, netns);
}

} // namespace

void next_time_text(std::ostream& out, const NetnsStates& netns) {
    if (!netns.next_time.empty() && (netns.unknown || !netns.gaps.empty())) {
        out << "\nNext time\n  " << safe_line(netns.next_time) << '\n';
    }
}

void counts_text(std::ostream& out, const Style& style, const NetnsStates& netns) {
    if (netns.unknown) {
        paragraph(out, style, "", extent_of(netns));
    }
    if (!netns.unknown) {
        states_table(out, style, netns.states, Extent::whole);
    } else if (is_lower_bound(netns)) {
        out << '\n';
        states_table(out, style, netns.states, Extent::at_least);
    }
}

void ports_table(std::ostream& out, const Style& style, const std::vector<Destination>& rows) {
    const bool one_source = std::all_of(rows.begin(), rows.end(),
                                        [&](const Destination& d) { return d.local == rows.front().local; });
    if (one_source) {
        paragraph(out, style, "", "all from " + local_of(rows.front()));
    }
    out << '\n';
    write_table(out, style, rows, one_source ? From::same_everywhere : From::shown);
    if (style.verbosity >= 0) {
        legend(out, style, rows);
    }
}

namespace {

/// So that nobody takes free ports for a word about DNS or QUIC.
std::string udp_line(const NetnsPorts& netns) {
    const std::string count =
        netns.udp_sockets ? "; it has " + count_of(*netns.udp_sockets, "socket", "sockets") + " here" : "";
    return "UDP, whose ports are its own, is not judged" + count + ".";
}

} // namespace

void ports_text(const Origin& origin, const std::vector<NetnsPorts>& namespaces, PortsView view,
                const Style& style, std::ostream& out) {
    each_netns(origin, namespaces, style, out, [&](const NetnsPorts& netns) {
        netns_text(out, style, netns, view);
        if (style.verbosity >= 0) {
            paragraph(out, style, "", udp_line(netns));
        }
        gap_list(out, style, netns.gaps);
    });
}

void states_table(std::ostream& out, const Style& style, const std::vector<StateCount>& states,
                  Extent extent) {
    const FamilyTotals total = total_of(states);
    TextTable table({{"STATE"},
                     {"IPv4", Align::right},
                     {"IPv6", Align::right},
                     {extent == Extent::whole ? "TOTAL" : "AT LEAST", Align::right},
                     {""}});
    constexpr std::size_t least_bar = 10;
    constexpr std::size_t widest_bar = 40;
    constexpr std::size_t columns_of_numbers = 44;
    const auto width = static_cast<std::size_t>(std::max(style.width, 0));
    const std::size_t room = std::clamp(width - std::min(width, columns_of_numbers), least_bar, widest_bar);
    for (const StateCount& state : states) {
        const bool counted = state.ipv4 || state.ipv6;
        const bool open_ended = counted && (extent == Extent::at_least || state.named > 0);
        const Count both = open_ended ? Count(at_least(state)) : sum(state.ipv4, state.ipv6);
        table.add_row({std::string(state.name), cell(state.ipv4), cell(state.ipv6), cell(both),
                       bar(static_cast<double>(both.value_or(0)), static_cast<double>(total.largest), room,
                           ink_of(style))});
    }
    table.add_row({total.complete && extent == Extent::whole ? "TOTAL" : "TOTAL SEEN",
                   std::to_string(total.ipv4), std::to_string(total.ipv6), std::to_string(total.both), ""});
    table.write(out);
}

void states_text(const Origin& origin, const std::vector<NetnsStates>& namespaces, const Style& style,
                 std::ostream& out) {
    each_netns(origin, namespaces, style, out,
               [&](const NetnsStates& netns) { netns_text(out, style, netns); });
}

} // namespace render
