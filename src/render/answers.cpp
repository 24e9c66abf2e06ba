// `tcpadvisor ports` and `tcpadvisor states` for people: a table of destinations, the arithmetic of one as an
// equation that a reader can check, and what netstat | awk and ss -s told, with what could not be seen.
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
    const std::string percent = base::to_text(destination.used_percent, 0) + " %";
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

std::string rate(double per_second) {
    return base::to_text(per_second) + "/s";
}

std::string percent(double value) {
    return base::to_text(value) + " %";
}

std::string states_of(const Destination& destination) {
    std::vector<std::string> parts;
    for (const auto& [state, count] : destination.states) {
        if (count > 0) {
            parts.push_back(fmt::format("{} {}", state, count));
        }
    }
    return parts.empty() ? "none" : base::join(parts, ", ");
}

std::string free_note(const Destination& destination) {
    if (destination.free_min == destination.free_max) {
        return {};
    }
    const std::string reason =
        destination.inferred_because.empty() ? "" : ": " + destination.inferred_because;
    return fmt::format("between {} and {}{}", destination.free_min, destination.free_max, reason);
}

/// One term: what, how many, and a note in brackets under which its later lines stand.
void term(std::ostream& out, const Style& style, std::string_view what, std::string_view number,
          std::string_view note = {}) {
    const std::string start = fmt::format("  {:<20}{:>8}", what, number);
    if (note.empty()) {
        out << start << '\n';
    } else {
        paragraph(out, style, start + "   ", fmt::format("({})", note));
    }
}

std::string blocked_note(const Destination& destination) {
    if (destination.blocked == 0) {
        return {};
    }
    std::vector<std::string> parts;
    const auto part = [&](std::uint32_t ports, std::string_view reason) {
        if (ports > 0) {
            parts.push_back(fmt::format("{} {}", ports, reason));
        }
    };
    if (const auto& by = destination.blocked_by) {
        part(by->listeners, "by listeners");
        part(by->services, "by connections whose listener is gone");
        part(by->bound, "by sockets bound and not connected");
        part(by->explicit_binds, "by clients that bound a port first");
        part(by->suspected, "probably by clients that bound an address first");
    }
    return "for every destination" + (parts.empty() ? "" : ": " + base::join(parts, ", "));
}

void equation(std::ostream& out, const Style& style, const NetnsPorts& netns,
              const Destination& destination) {
    const std::string reusable =
        destination.reuse.reusable > 0 ? fmt::format(", less {} reusable", destination.reuse.reusable) : "";
    term(out, style, fmt::format("range {}-{}", netns.low, netns.high), std::to_string(netns.size), "ports");
    term(out, style, "- reserved", std::to_string(netns.reserved));
    term(out, style, "- blocked", std::to_string(destination.blocked), blocked_note(destination));
    term(out, style, "- in use", std::to_string(destination.in_use),
         destination.connections > 0 ? states_of(destination) + reusable : "");
    term(out, style, "= free", std::to_string(destination.free), free_note(destination));
    term(out, style, "used", percent(destination.used_percent));
    out << "  " << gauge(destination.used_percent, 100, 40, ink_of(style)) << '\n';
}

void flow(std::ostream& out, const Style& style, const Destination& destination) {
    if (destination.no_timers) {
        paragraph(out, style, "  rate         ", "unknown: " + safe_line(destination.no_timers->detail));
        return;
    }
    paragraph(out, style, "  rate         ",
              fmt::format("{} over 5 s, {} over 15 s, {} over 60 s (connections that ended in TIME_WAIT)",
                          rate(destination.entries_5s), rate(destination.entries_15s),
                          rate(destination.entries_60s)));
    paragraph(out, style, "  load         ",
              fmt::format("{} of the sustainable rate ({} over the last 15 s)",
                          percent(destination.load_percent), percent(destination.load_percent_15s)));
    paragraph(out, style, "  peak         ",
              fmt::format("{} of the ports within the next 60 s", percent(destination.peak_percent)));
    std::string left =
        "TIME_WAIT does not use the ports up at this rate; connections that stay open are not counted";
    if (destination.free_max == 0) {
        left = "none: connect() fails now";
    } else if (destination.free == 0) {
        left = "about none: connect() may fail now";
    } else if (destination.exhausted_in) {
        const double seconds = *destination.exhausted_in;
        left = fmt::format("{} until no port is free, if connections go on at this rate",
                           seconds < 1 ? "less than a second" : duration(seconds));
    }
    paragraph(out, style, "  time left    ", left);
}

void holders(std::ostream& out, const Style& style, const Destination& destination) {
    constexpr std::size_t most_shown = 8;
    std::string label = "  held by      ";
    for (std::size_t i = 0; i < std::min(destination.holders.size(), most_shown); ++i) {
        const facts::PortHolder& holder = destination.holders[i];
        paragraph(out, style, label,
                  fmt::format("{} {}: {}{}", holder.ports, holder.ports == 1 ? "port" : "ports",
                              safe_line(holder.name), holder.inferred ? " (inferred)" : ""));
        label.assign(label.size(), ' ');
    }
    if (destination.holders.size() > most_shown) {
        paragraph(out, style, label, fmt::format("and {} more", destination.holders.size() - most_shown));
    }
}

std::string reuse_text(const Destination& destination) {
    const facts::TimeWaitReuse& reuse = destination.reuse;
    std::string text = reuse.applies
                           ? fmt::format("TIME_WAIT ports are reused, {} of them now", reuse.reusable)
                           : "TIME_WAIT ports are not reused";
    if (!reuse.reason.empty()) {
        text += ": " + reuse.reason;
    }
    return reuse.inferred ? text + " (inferred)" : text;
}

/// Range, reserved, blocked, in use, free; then states, reuse, rates and what they lead to.
void port_equation(std::ostream& out, const Style& style, const NetnsPorts& netns,
                   const Destination& destination) {
    const std::string from = destination.local ? " from " + *destination.local : "";
    paragraph(out, style, "", fmt::format("{}{}, {}", remote_of(destination), from, netns.label));
    out << '\n';
    equation(out, style, netns, destination);
    out << '\n';
    if (destination.on_devices > 0) {
        paragraph(
            out, style, "  ",
            fmt::format("{} connections between the same ends are bound to a device; they take no port from "
                        "others. The table of 'tcpadvisor ports' has them.",
                        destination.on_devices));
    }
    if (destination.connections == 0) {
        paragraph(out, style, "  ", "Nothing is connected to it now.");
    }
    holders(out, style, destination);
    paragraph(out, style, "  reuse        ", reuse_text(destination));
    paragraph(out, style, "  sustainable  ",
              fmt::format("{} new connections can go on for ever", rate(destination.sustainable_rate)));
    if (destination.connections > 0) {
        flow(out, style, destination);
    }
}

/// Where the answer comes from, then one namespace after the other.
template <typename Netns, typename Write>
void each_netns(const Origin& origin, const std::vector<Netns>& namespaces, const Style& style,
                std::ostream& out, Write write) {
    if (style.verbosity >= 0) {
        origin_line(out, style, origin);
        out << '\n';
    }
    if (namespaces.empty()) {
        out << "no namespace was looked at\n";
    }
    bool first = true;
    for (const Netns& netns : namespaces) {
        out << (first ? "" : "\n");
        first = false;
        write(netns);
    }
}

void netns_text(std::ostream& out, const Style& style, const NetnsPorts& netns, PortsView view) {
    if (netns.unknown) {
        paragraph(out, style, "", netns.label + ": port use is unknown, " + base::to_text(*netns.unknown));
        return;
    }
    if (view == PortsView::one && !netns.destinations.empty()) {
        for (const facts::Destination& destination : netns.destinations) {
            port_equation(out, style, netns, destination);
        }
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

void netns_text(std::ostream& out, const Style& style, const NetnsStates& netns) {
    const std::string source = netns.source.empty() ? "" : " (from " + netns.source + ")";
    paragraph(out, style, "", netns.label + source);
    out << '\n';
    counts_text(out, style, netns);
    sockstat_lines(out, style, netns.sockstat);
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

void ports_text(const Origin& origin, const std::vector<NetnsPorts>& namespaces, PortsView view,
                const Style& style, std::ostream& out) {
    each_netns(origin, namespaces, style, out, [&](const NetnsPorts& netns) {
        netns_text(out, style, netns, view);
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
