#include "render/html.h"

#include "base/number.h"
#include "render/picture_words.h"
#include "render/port_equation.h"
#include "render/ports_table.h"
#include "render/sums.h"
#include "render/wording.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace render {
namespace {

using facts::NamespacePicture;

enum class Width { half, whole };

void open_card(std::ostream& out, std::string_view title, Width width) {
    out << "<section class=\"card" << (width == Width::whole ? " wide" : "") << "\">\n<h3>" << title
        << "</h3>\n";
}

void close_card(std::ostream& out) {
    out << "</section>\n";
}

void remark(std::ostream& out, std::string_view text) {
    out << "<p class=\"soft small\">" << escaped(text) << "</p>\n";
}

/// A bar whose length is `part` of `whole`; the number stands beside it.
std::string meter(double part, double whole, std::string_view kind) {
    const double percent = whole > 0 && part > 0 ? std::clamp(100 * part / whole, 0.0, 100.0) : 0;
    const std::string inside =
        percent > 0 ? fmt::format("<span style=\"width:{:.1f}%\"></span>", percent) : std::string();
    return fmt::format("<td class=\"meter\"><span class=\"{}\">{}</span></td>", kind, inside);
}

std::string cell(const std::string& number, std::string_view more = "") {
    return fmt::format("<td class=\"n{}\">{}</td>", more, number);
}

std::string head(std::string_view title, std::string_view more = "") {
    return title.empty() ? "<td></td>" : fmt::format("<th scope=\"col\" class=\"n{}\">{}</th>", more, title);
}

std::string count_text(std::optional<std::uint64_t> count) {
    return count ? std::to_string(*count) : "-";
}

void states_card(std::ostream& out, const NamespacePicture& picture) {
    open_card(out, "Connections by state", Width::half);
    if (picture.states.unknown) {
        remark(out, "The counts are unknown, not zero: " + base::to_text(*picture.states.unknown));
        close_card(out);
        return;
    }
    std::uint64_t largest = 0;
    for (const facts::StateCount& state : picture.states.states) {
        largest = std::max(largest, sum(state.ipv4, state.ipv6).value_or(0));
    }
    constexpr std::string_view secondary = " secondary";
    out << "<div class=\"scroll\"><table>\n<tr><th scope=\"col\">State</th>" << head("IPv4", secondary)
        << head("IPv6", secondary) << head("Total") << "<td></td></tr>\n";
    for (const facts::StateCount& state : picture.states.states) {
        const auto both = sum(state.ipv4, state.ipv6);
        out << (both.value_or(0) == 0 ? "<tr class=\"zero\">" : "<tr>") << "<td>" << escaped(state.name)
            << "</td>" << cell(count_text(state.ipv4), secondary) << cell(count_text(state.ipv6), secondary)
            << cell(count_text(both))
            << meter(static_cast<double>(both.value_or(0)), static_cast<double>(largest), "track")
            << "</tr>\n";
    }
    out << "</table></div>\n";
    close_card(out);
    open_card(out, "The life of a connection", Width::half);
    html_diagram(out, picture.states.states);
    close_card(out);
}

std::string end_text(const facts::Destination& destination) {
    if (destination.free == 0) {
        return ", no port is free";
    }
    return destination.exhausted_in ? ", full in " + duration(*destination.exhausted_in) : "";
}

void destination_row(std::ostream& out, const facts::Destination& destination) {
    constexpr std::string_view secondary = " secondary";
    const bool estimated = destination.free_min != destination.free_max;
    out << "<tr><td class=\"name\">" << escaped(remote_of(destination))
        << "<br><span class=\"soft small\">from " << escaped(local_of(destination) + end_text(destination))
        << "</span></td>" << cell(std::to_string(destination.connections), secondary)
        << cell(std::to_string(destination.time_wait), secondary)
        << cell(fmt::format("{}{} of {}", estimated ? "~" : "", destination.free, destination.usable))
        << meter(destination.used_percent, 100, "track gauge")
        << cell(base::to_text(destination.used_percent, 0) + " %")
        << cell(base::to_text(destination.births_15s), secondary) << "</tr>\n";
}

void destinations_card(std::ostream& out, const NamespacePicture& picture) {
    const facts::NamespacePorts& ports = picture.ports;
    open_card(out, "Busiest destinations", Width::whole);
    if (ports.unknown) {
        remark(out, "Port use is unknown: " + base::to_text(*ports.unknown));
    } else if (ports.destinations.empty()) {
        remark(out, "No outgoing connections.");
    } else {
        constexpr std::string_view secondary = " secondary";
        out << "<div class=\"scroll\"><table>\n<tr><th scope=\"col\">Destination</th>"
            << head("Connections", secondary) << head("TIME_WAIT", secondary) << head("Ports free")
            << "<th scope=\"col\">Ports used</th>" << head("") << head("New a second", secondary)
            << "</tr>\n";
        for (const facts::Destination& destination : ports.destinations) {
            destination_row(out, destination);
        }
        out << "</table></div>\n";
        remark(out, fmt::format("Local ports {} to {}, {} of {} reserved. \"~\" marks an estimate. New: "
                                "closed by this host into TIME_WAIT, over 15 s. Full in: until no port is "
                                "free, if that goes on.",
                                ports.low, ports.high, ports.reserved, ports.size));
    }
    close_card(out);
}

void ages_card(std::ostream& out, const NamespacePicture& picture) {
    open_card(out, "TIME_WAIT by age", Width::half);
    if (time_wait_count(picture) == 0) {
        remark(out, "No outgoing connection is in TIME_WAIT.");
        close_card(out);
        return;
    }
    const double most = *std::max_element(picture.time_wait_ages.begin(), picture.time_wait_ages.end());
    out << "<table>\n<tr>" << head("Age") << head("Sockets") << "<td></td></tr>\n";
    for (std::size_t bin = 0; bin < picture.time_wait_ages.size(); ++bin) {
        const std::uint32_t count = picture.time_wait_ages[bin];
        out << (count == 0 ? "<tr class=\"zero\">" : "<tr>") << cell(age_bin_name(bin))
            << cell(std::to_string(count)) << meter(count, most, "track") << "</tr>\n";
    }
    out << "</table>\n";
    remark(out, "Outgoing connections. Each ends at 60 to 62 s, so the bars are also how many were closed "
                "in each 5 seconds of the last minute.");
    close_card(out);
}

void owner_row(std::ostream& out, const facts::WaitingOwner& owner) {
    out << "<tr><td class=\"name\">" << escaped(owner.owner) << "<br><span class=\"soft small\">"
        << escaped((owner.process.empty() || owner.process == owner.owner ? "" : owner.process + ", ") +
                   "at " + owner.end_point + (owner.oldest ? ", oldest " + duration(*owner.oldest) : ""))
        << "</span></td>" << cell(std::to_string(owner.leaked)) << cell(std::to_string(owner.unread))
        << cell(std::to_string(owner.unaccepted)) << cell(std::to_string(owner.half_closed));
    for (std::size_t step = 0; step < facts::waiting_steps_s.size(); ++step) {
        out << cell(owner.older ? std::to_string((*owner.older)[step]) : "-");
    }
    out << "</tr>\n";
}

void close_wait_card(std::ostream& out, const NamespacePicture& picture) {
    if (picture.close_wait.empty()) {
        return;
    }
    open_card(out, "CLOSE_WAIT by owner and age", Width::whole);
    out << "<div class=\"scroll\"><table>\n<tr><th scope=\"col\">Owner</th>" << head("Leaked")
        << head("Unread") << head("Unaccepted") << head("Half-closed");
    for (const std::uint32_t step : facts::waiting_steps_s) {
        out << head("&ge; " + step_name(step));
    }
    out << "</tr>\n";
    for (const facts::WaitingOwner& owner : picture.close_wait) {
        owner_row(out, owner);
    }
    out << "</table></div>\n";
    if (picture.owners_left_out > 0) {
        remark(out, "and " + count_of(picture.owners_left_out, "more owner", "more owners"));
    }
    remark(out,
           "Leaked: end of file read, not closed. Unread: end of file never read. Unaccepted: no program "
           "took the connection. Half-closed ones still send and are legitimate; the ages leave them "
           "out.");
    close_card(out);
}

void queues_card(std::ostream& out, const NamespacePicture& picture) {
    if (picture.states.unknown) {
        return;
    }
    open_card(out, "Accept queues", Width::half);
    if (picture.queues.empty()) {
        remark(out, empty_queues_text(picture));
        close_card(out);
        return;
    }
    out << "<div class=\"scroll\"><table>\n<tr><th scope=\"col\">Listener</th>" << head("Waiting")
        << head("Backlog") << "<th scope=\"col\">Used</th>" << head("") << "</tr>\n";
    for (const facts::ListenerQueue& queue : picture.queues) {
        const std::string holder =
            queue.holder.empty() ? "" : "<br><span class=\"soft small\">" + escaped(queue.holder) + "</span>";
        out << "<tr><td class=\"name\">" << escaped(queue.listener) << holder << "</td>"
            << cell(std::to_string(queue.queue)) << cell(queue.limit ? std::to_string(*queue.limit) : "-")
            << meter(queue.queue, queue.limit.value_or(0), "track gauge") << cell(queue_share(queue))
            << "</tr>\n";
    }
    out << "</table></div>\n";
    if (picture.queues_left_out > 0) {
        remark(out, "and " + count_of(picture.queues_left_out, "more queue", "more queues"));
    }
    close_card(out);
}

} // namespace

void html_picture(std::ostream& out, const NamespacePicture& picture) {
    out << "<div class=\"pictures\">\n";
    states_card(out, picture);
    destinations_card(out, picture);
    close_wait_card(out, picture);
    ages_card(out, picture);
    queues_card(out, picture);
    out << "</div>\n";
}

} // namespace render
