// `tcpadvisor states` for people: what netstat | awk and ss -s told, with what could not be seen.
#include "render/prose.h"
#include "render/state_diagram.h"
#include "render/states_table.h"
#include "render/sums.h"

#include <fmt/format.h>

namespace render {
namespace {

using facts::NamespaceStates;
using Count = std::optional<std::uint64_t>;

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
