// `tcpadvisor ports` for people: a table of destinations, busiest first. The equation of one is in
// port_equation.cpp.
#include "base/text.h"
#include "render/port_equation.h"
#include "render/ports_table.h"
#include "render/prose.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

using facts::NamespacePorts;

void namespace_text(std::ostream& out, const Style& style, const NamespacePorts& space, PortsView view) {
    if (space.unknown) {
        paragraph(out, style, "", space.label + ": port use is unknown, " + base::to_text(*space.unknown));
        return;
    }
    if (view == PortsView::one && !space.destinations.empty()) {
        for (const facts::Destination& destination : space.destinations) {
            port_equation(out, style, space, destination);
        }
        return;
    }
    paragraph(out, style, "",
              fmt::format("{}: local ports {}-{}, {} less {} reserved = {} usable", space.label, space.low,
                          space.high, space.size, space.reserved,
                          space.size - std::min(space.size, space.reserved)));
    if (space.destinations.empty()) {
        out << "No outgoing connections.\n";
        return;
    }
    ports_table(out, style, space.destinations);
}

} // namespace

void ports_text(const Origin& origin, const std::vector<NamespacePorts>& spaces, PortsView view,
                const Style& style, std::ostream& out) {
    if (style.verbosity >= 0) {
        origin_line(out, style, origin);
        out << '\n';
    }
    if (spaces.empty()) {
        out << "no namespace was looked at\n";
    }
    bool first = true;
    for (const NamespacePorts& space : spaces) {
        if (!first) {
            out << '\n';
        }
        first = false;
        namespace_text(out, style, space, view);
        gap_list(out, style, space.gaps);
    }
}

} // namespace render
