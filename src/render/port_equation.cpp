#include "render/port_equation.h"

#include "base/number.h"
#include "base/text.h"
#include "render/bars.h"
#include "render/prose.h"
#include "render/wording.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace render {
namespace {

using facts::Destination;
using facts::NamespacePorts;

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

void equation(std::ostream& out, const Style& style, const NamespacePorts& space,
              const Destination& destination) {
    const std::string reusable =
        destination.reuse.reusable > 0 ? fmt::format(", less {} reusable", destination.reuse.reusable) : "";
    term(out, style, fmt::format("range {}-{}", space.low, space.high), std::to_string(space.size), "ports");
    term(out, style, "- reserved", std::to_string(space.reserved));
    term(out, style, "- blocked", std::to_string(destination.blocked), blocked_note(destination));
    term(out, style, "- in use", std::to_string(destination.in_use),
         destination.connections > 0 ? states_of(destination) + reusable : "");
    term(out, style, "= free", std::to_string(destination.free), free_note(destination));
    term(out, style, "used", percent(destination.used_percent));
    out << "  " << gauge(destination.used_percent, 100, 40, style.unicode ? Ink::unicode : Ink::ascii)
        << '\n';
}

void flow(std::ostream& out, const Style& style, const Destination& destination) {
    if (destination.no_timers) {
        paragraph(out, style, "  rate         ", "unknown: " + safe_line(destination.no_timers->detail));
        return;
    }
    paragraph(out, style, "  rate         ",
              fmt::format("{} over 5 s, {} over 15 s, {} over 60 s (connections that ended in TIME_WAIT)",
                          rate(destination.births_5s), rate(destination.births_15s),
                          rate(destination.births_60s)));
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

} // namespace

std::string remote_of(const Destination& destination) {
    const std::string address = safe_line(destination.remote);
    const std::string end = address.find(':') == std::string::npos
                                ? fmt::format("{}:{}", address, destination.remote_port)
                                : fmt::format("[{}]:{}", address, destination.remote_port);
    return destination.device == 0 ? end : fmt::format("{}, device {}", end, destination.device);
}

void port_equation(std::ostream& out, const Style& style, const NamespacePorts& space,
                   const Destination& destination) {
    const std::string from = destination.local ? " from " + *destination.local : "";
    paragraph(out, style, "", fmt::format("{}{}, {}", remote_of(destination), from, space.label));
    out << '\n';
    equation(out, style, space, destination);
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

} // namespace render
