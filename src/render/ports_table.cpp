#include "render/ports_table.h"

#include "base/number.h"
#include "base/text.h"
#include "render/bars.h"
#include "render/port_equation.h"
#include "render/prose.h"
#include "render/table.h"
#include "render/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

using facts::Destination;

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
    return fmt::format(
        "{} {:>5}",
        gauge(destination.used_percent, 100, gauge_width, style.unicode ? Ink::unicode : Ink::ascii),
        percent);
}

std::vector<Column> columns_of(Layout layout, From from) {
    std::vector<Column> columns;
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

Table table_of(const std::vector<Destination>& destinations, const Style& style, Layout layout, From from) {
    Table table(columns_of(layout, from));
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
        cells.push_back(destination.no_timers ? "-" : base::to_text(destination.births_15s));
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
        const Table table = table_of(destinations, style, layout, from);
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

} // namespace

std::string local_of(const facts::Destination& destination) {
    return destination.local ? safe_line(*destination.local) : "unknown";
}

std::string time_left(const facts::Destination& destination) {
    if (destination.free == 0) {
        return "none";
    }
    return destination.exhausted_in && !destination.no_timers ? duration(*destination.exhausted_in) : "-";
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

} // namespace render
