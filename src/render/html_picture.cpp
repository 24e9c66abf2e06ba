// The picture of one network namespace as a part of the page: cards with tables, bars and the state diagram.
#include "base/number.h"
#include "render/html.h"
#include "render/report_words.h"
#include "render/words.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace render {

namespace {

using facts::NetnsPicture;

constexpr int box_width = 140;
constexpr int box_height = 46;

/// The upper left corner of a state's box, in units of the drawing. Three columns: what the end that closes
/// first goes through, what both do, what the other end does.
struct Box {
    std::string_view state;
    int x;
    int y;
};
constexpr std::array<Box, 10> boxes = {{{"SYN_SENT", 4, 26},
                                        {"LISTEN", 336, 26},
                                        {"SYN_RECV", 336, 104},
                                        {"ESTABLISHED", 170, 150},
                                        {"FIN_WAIT1", 4, 234},
                                        {"CLOSING", 170, 274},
                                        {"CLOSE_WAIT", 336, 234},
                                        {"FIN_WAIT2", 4, 312},
                                        {"LAST_ACK", 336, 312},
                                        {"TIME_WAIT", 4, 390}}};

struct Hint {
    int x;
    int y;
    std::string_view text;
};
constexpr std::array<Hint, 8> hints = {{{74, 16, "connect()"},
                                        {406, 16, "listen()"},
                                        {447, 92, "SYN arrives"},
                                        {126, 224, "this end closes"},
                                        {338, 224, "the other end closes"},
                                        {438, 300, "close()"},
                                        {74, 466, "gone after 60 s"},
                                        {406, 398, "gone"}}};

/// From, to: each ends in an arrow head.
constexpr std::string_view lines = "M74 72V173H162 M406 72V102 M406 150V173H320 "
                                   "M200 196V208H74V232 M280 196V208H406V232 "
                                   "M74 280V310 M144 264H152V297H162 M74 358V388 M240 320V413H152 "
                                   "M406 280V310 M406 358V384 M74 436V452";
constexpr std::string_view heads = "M161 168l8 5l-8 5z M401 95l5 8l5-8z M319 168l-8 5l8 5z "
                                   "M69 225l5 8l5-8z M401 225l5 8l5-8z "
                                   "M69 303l5 8l5-8z M161 292l8 5l-8 5z M69 381l5 8l5-8z M153 408l-8 5l8 5z "
                                   "M401 303l5 8l5-8z M401 380l5 8l5-8z M69 448l5 8l5-8z";

void draw(std::ostream& out, const Box& box, std::optional<std::uint64_t> count) {
    const int middle = box.x + box_width / 2;
    out << fmt::format(R"(<g{}><rect class="box" x="{}" y="{}" width="{}" height="{}" rx="6"/>)",
                       count.value_or(0) == 0 ? R"( class="empty")" : "", box.x, box.y, box_width, box_height)
        << fmt::format(R"(<text class="name" x="{}" y="{}">{}</text>)", middle, box.y + 18, box.state)
        << fmt::format(R"(<text class="count" x="{}" y="{}">{}</text></g>)", middle, box.y + 38,
                       count ? std::to_string(*count) : "-")
        << '\n';
}

/// The life of a TCP connection with the counts of this host, as SVG.
void diagram(std::ostream& out, const std::vector<facts::StateCount>& states) {
    out << R"(<svg viewBox="0 0 480 474" role="img" aria-label="TCP state diagram with the counts of this host">)"
        << "\n<title>Where the connections of this host are in the life of a TCP connection</title>\n"
        << fmt::format(R"(<path class="line" d="{}"/>)", lines) << '\n'
        << fmt::format(R"(<path class="head" d="{}"/>)", heads) << '\n';
    for (const Hint& hint : hints) {
        out << fmt::format(R"(<text class="hint" x="{}" y="{}">{}</text>)", hint.x, hint.y, hint.text)
            << '\n';
    }
    for (const Box& box : boxes) {
        draw(out, box, count_of_state(states, box.state));
    }
    out << "</svg>\n";
}

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

void states_card(std::ostream& out, const NetnsPicture& picture) {
    open_card(out, "Connections by state", Width::half);
    if (picture.states.unknown) {
        remark(out, extent_of(picture.states));
    }
    if (picture.states.unknown && !is_lower_bound(picture.states)) {
        close_card(out);
        return;
    }
    std::uint64_t largest = 0;
    for (const facts::StateCount& state : picture.states.states) {
        largest = std::max(largest, at_least(state));
    }
    constexpr std::string_view secondary = " secondary";
    out << "<div class=\"scroll\"><table>\n<tr><th scope=\"col\">State</th>" << head("IPv4", secondary)
        << head("IPv6", secondary) << head(picture.states.unknown ? "At least" : "Total")
        << "<td></td></tr>\n";
    for (const facts::StateCount& state : picture.states.states) {
        const std::uint64_t least = at_least(state);
        const auto both = picture.states.unknown ? std::optional(least) : sum(state.ipv4, state.ipv6);
        out << (least == 0 ? "<tr class=\"zero\">" : "<tr>") << "<td>" << escaped(state.name) << "</td>"
            << cell(count_text(state.ipv4), secondary) << cell(count_text(state.ipv6), secondary)
            << cell(count_text(both))
            << meter(static_cast<double>(least), static_cast<double>(largest), "track") << "</tr>\n";
    }
    out << "</table></div>\n";
    close_card(out);
    open_card(out, "The life of a connection", Width::half);
    diagram(out, picture.states.states);
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
        << cell(base::to_text(destination.entries_15s), secondary) << "</tr>\n";
}

void destinations_card(std::ostream& out, const NetnsPicture& picture) {
    const facts::NetnsPorts& ports = picture.ports;
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

void ages_card(std::ostream& out, const NetnsPicture& picture) {
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

void close_wait_card(std::ostream& out, const NetnsPicture& picture) {
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

void queues_card(std::ostream& out, const NetnsPicture& picture) {
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

void html_picture(std::ostream& out, const NetnsPicture& picture) {
    out << "<div class=\"pictures\">\n";
    states_card(out, picture);
    destinations_card(out, picture);
    close_wait_card(out, picture);
    ages_card(out, picture);
    queues_card(out, picture);
    out << "</div>\n";
}

} // namespace render
