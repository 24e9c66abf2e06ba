// One destination that somebody asked about, for people: will connect() work from each source, and the
// arithmetic of its ports as an equation that a reader can check.
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

using facts::Destination;
using facts::NetnsPorts;

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

std::string time_left(double soonest, std::optional<double> at_this_rate) {
    const std::string left =
        (soonest < 1 ? "less than a second" : duration(soonest)) + " until no port is free, if connections ";
    if (at_this_rate && *at_this_rate < soonest + 1) {
        return left + "go on at this rate";
    }
    return left + "go on growing as they do; at this rate " +
           (at_this_rate ? duration(*at_this_rate) : "there is no end");
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
        left = time_left(*destination.exhausted_in, destination.exhausted_at_this_rate);
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

std::string ends_of(const Destination& destination) {
    return "connect() to " + remote_of(destination) +
           (destination.local ? " from " + local_of(destination) : "");
}

/// Does it get as far as the ports, and are there any?
std::string outlook(const Destination& destination) {
    if (destination.reach && !destination.reach->possible) {
        const std::string_view before = destination.reach->call == "bind()" ? ", in bind() before it," : "";
        return fmt::format("{} fails{} with {}: {}", ends_of(destination), before, destination.reach->error,
                           destination.reach->reason);
    }
    if (destination.free_max == 0) {
        return fmt::format("{} fails now with EADDRNOTAVAIL: none of {} ports is free", ends_of(destination),
                           destination.usable);
    }
    if (destination.free_min == 0) {
        return fmt::format("{} may fail now with EADDRNOTAVAIL: about {} of {} ports free, perhaps none",
                           ends_of(destination), destination.free, destination.usable);
    }
    return fmt::format("{} finds a port: {}{} of {} free", ends_of(destination),
                       destination.free_min != destination.free_max ? "about " : "", destination.free,
                       destination.usable);
}

void outlook_lines(std::ostream& out, const Style& style, const Destination& destination) {
    paragraph(out, style, "", outlook(destination) + ".");
    if (const auto& band = destination.own_range) {
        const std::string how = band->in_use == band->size() ? "all are in use, so these fail now"
                                                             : fmt::format("{} are in use", band->in_use);
        paragraph(out, style, "",
                  fmt::format("Sockets with a range of their own (IP_LOCAL_PORT_RANGE) seem to choose from "
                              "{}-{}, {} ports: {}.",
                              band->low, band->high, band->size(), how));
    }
    if (!destination.own_binds.empty()) {
        paragraph(
            out, style, "",
            fmt::format("A program binds its local port before it connects there: {}. A second connection "
                        "from such a port fails with EADDRNOTAVAIL or EADDRINUSE, whatever is free.",
                        clip(destination.own_binds, 40)));
    }
    if (destination.routed && *destination.routed && destination.local) {
        paragraph(out, style, "",
                  "Routing chooses " + local_of(destination) + " unless the program binds another address.");
    }
}

/// Range, reserved, blocked, in use, free; then states, reuse, rates and what they lead to.
void port_equation(std::ostream& out, const Style& style, const NetnsPorts& netns,
                   const Destination& destination) {
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
        paragraph(out, style, "  ",
                  destination.local ? "Nothing is connected to it from there now."
                                    : "Nothing is connected to it now.");
    }
    holders(out, style, destination);
    paragraph(out, style, "  reuse        ", reuse_text(destination));
    paragraph(out, style, "  sustainable  ",
              fmt::format("{} new connections can go on for ever", rate(destination.sustainable_rate)));
    if (destination.connections > 0) {
        flow(out, style, destination);
    }
}

/// The whole arithmetic of one source: a failed route leaves nothing to compute.
void one_source(std::ostream& out, const Style& style, const NetnsPorts& netns,
                const Destination& destination) {
    outlook_lines(out, style, destination);
    const bool ports_matter = !destination.reach || destination.reach->possible;
    if (ports_matter || destination.connections > 0) {
        out << '\n';
        port_equation(out, style, netns, destination);
    }
}

} // namespace

void asked_text(std::ostream& out, const Style& style, const NetnsPorts& netns) {
    paragraph(out, style, "", netns.label);
    if (netns.destinations.empty()) {
        out << "Nothing is connected to that port.\n";
        return;
    }
    const auto& all = netns.destinations;
    if (all.size() > 1) {
        ports_table(out, style, all);
        if (netns.left_out > 0) {
            paragraph(out, style, "", fmt::format("and {} more: --top N shows N of them", netns.left_out));
        }
        out << '\n';
    }
    one_source(out, style, netns, all.front());
    for (auto other = all.begin() + 1; other != all.end(); ++other) {
        const bool fails = other->free_min == 0 || (other->reach && !other->reach->possible);
        if (fails || other->own_range || other->routed == true) {
            out << '\n';
            outlook_lines(out, style, *other);
        }
    }
}

} // namespace render
