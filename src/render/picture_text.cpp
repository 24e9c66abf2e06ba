#include "render/picture_text.h"

#include "base/text.h"
#include "render/bars.h"
#include "render/picture_words.h"
#include "render/ports_table.h"
#include "render/prose.h"
#include "render/state_diagram.h"
#include "render/states_table.h"
#include "render/table.h"
#include "render/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

using facts::NamespacePicture;
using facts::WaitingOwner;

void heading(std::ostream& out, const Style& style, std::string_view text) {
    out << '\n' << bold(style, text) << '\n';
}

void states_part(std::ostream& out, const Style& style, const NamespacePicture& picture) {
    heading(out, style, "Connections by state");
    if (picture.states.unknown) {
        paragraph(out, style, "",
                  "The counts are unknown, not zero: " + base::to_text(*picture.states.unknown));
        return;
    }
    states_table(out, style, picture.states.states);
    constexpr int width_of_diagram = 70;
    if (style.width >= width_of_diagram) { // folded by a terminal it is no drawing; the table says the same
        out << '\n';
        state_diagram(out, style, picture.states.states);
    }
}

void destinations_part(std::ostream& out, const Style& style, const NamespacePicture& picture) {
    heading(out, style, "Busiest destinations");
    const facts::NamespacePorts& ports = picture.ports;
    if (ports.unknown) {
        paragraph(out, style, "", "Port use is unknown: " + base::to_text(*ports.unknown));
    } else if (ports.destinations.empty()) {
        out << "No outgoing connections.\n";
    } else {
        ports_table(out, style, ports.destinations);
    }
}

void ages_part(std::ostream& out, const Style& style, const NamespacePicture& picture) {
    if (time_wait_count(picture) == 0) {
        return;
    }
    heading(out, style, "TIME_WAIT by age, outgoing connections");
    constexpr std::size_t columns_of_numbers = 22;
    constexpr std::size_t widest_bar = 60;
    const auto width = static_cast<std::size_t>(std::max(style.width, 0));
    const std::size_t room = std::min(width - std::min(width, columns_of_numbers), widest_bar);
    const auto& ages = picture.time_wait_ages;
    const double most = *std::max_element(ages.begin(), ages.end());
    Table table({{"AGE", Align::right}, {"SOCKETS", Align::right}, {""}});
    for (std::size_t bin = 0; bin < ages.size(); ++bin) {
        table.add_row({age_bin_name(bin), std::to_string(ages[bin]),
                       bar(ages[bin], most, room, style.unicode ? Ink::unicode : Ink::ascii)});
    }
    table.write(out);
}

std::string owner_line(const WaitingOwner& owner) {
    std::string text = owner.owner;
    if (!owner.process.empty() && text.find(owner.process) == std::string::npos) {
        text += ", " + owner.process;
    }
    text += fmt::format(": {}", count_of(owner.total, "connection", "connections"));
    if (owner.half_closed > 0) {
        text += fmt::format(", {} half-closed (legitimate)", owner.half_closed);
    }
    return owner.oldest ? text + ", oldest " + duration(*owner.oldest) : text;
}

Table waiting_table(const std::vector<WaitingOwner>& owners) {
    std::vector<Column> columns;
    for (const char* title : {"LEAKED", "UNREAD", "UNACCEPTED"}) {
        columns.push_back({title, Align::right});
    }
    for (const std::uint32_t step : facts::waiting_steps_s) {
        columns.push_back({step_name(step), Align::right});
    }
    Table table(std::move(columns));
    for (const WaitingOwner& owner : owners) {
        std::vector<std::string> cells = {std::to_string(owner.leaked), std::to_string(owner.unread),
                                          std::to_string(owner.unaccepted)};
        for (std::size_t step = 0; step < facts::waiting_steps_s.size(); ++step) {
            cells.push_back(owner.older ? std::to_string((*owner.older)[step]) : "-");
        }
        table.add_row(std::move(cells));
    }
    return table;
}

void close_wait_part(std::ostream& out, const Style& style, const NamespacePicture& picture) {
    if (picture.close_wait.empty()) {
        return;
    }
    heading(out, style, "CLOSE_WAIT by owner and age");
    paragraph(out, style, "", "what each owner holds, and how many of these are at least so old");
    const auto lines = waiting_table(picture.close_wait).lines();
    out << "  " << lines.front() << '\n';
    for (std::size_t i = 0; i < picture.close_wait.size(); ++i) {
        paragraph(out, style, "", owner_line(picture.close_wait[i]));
        out << "  " << lines[i + 1] << '\n';
    }
    if (picture.owners_left_out > 0) {
        out << "and " << count_of(picture.owners_left_out, "more owner", "more owners") << '\n';
    }
}

void queues_part(std::ostream& out, const Style& style, const NamespacePicture& picture) {
    if (picture.states.unknown) {
        return;
    }
    heading(out, style, "Accept queues");
    if (picture.queues.empty()) {
        paragraph(out, style, "", empty_queues_text(picture));
        return;
    }
    Table table({{"LISTENER"},
                 {"WAITING", Align::right},
                 {"BACKLOG", Align::right},
                 {"USED", Align::right},
                 {"ESTABLISHED", Align::right},
                 {"SYN_RECV", Align::right}});
    for (const facts::ListenerQueue& queue : picture.queues) {
        table.add_row({safe_line(queue.listener), std::to_string(queue.queue),
                       queue.limit ? std::to_string(*queue.limit) : "-", queue_share(queue),
                       std::to_string(queue.established), std::to_string(queue.syn_recv)});
    }
    table.write(out);
    if (picture.queues_left_out > 0) {
        out << "and " << count_of(picture.queues_left_out, "more queue", "more queues") << '\n';
    }
}

} // namespace

void picture_text(std::ostream& out, const Style& style, const facts::Picture& picture,
                  const findings::Report& report) {
    auto spaces = namespaces_with_findings(picture, report);
    if (style.verbosity >= 1) {
        spaces.clear();
        for (const NamespacePicture& space : picture.namespaces) {
            spaces.push_back(&space);
        }
    }
    constexpr std::size_t enough = 3;
    const std::size_t shown = style.verbosity >= 1 ? spaces.size() : std::min(spaces.size(), enough);
    for (std::size_t i = 0; i < shown; ++i) {
        if (picture.namespaces.size() > 1) {
            heading(out, style, safe_line("In " + spaces[i]->states.label));
        }
        states_part(out, style, *spaces[i]);
        destinations_part(out, style, *spaces[i]);
        ages_part(out, style, *spaces[i]);
        close_wait_part(out, style, *spaces[i]);
        queues_part(out, style, *spaces[i]);
    }
    if (shown < picture.namespaces.size()) {
        out << '\n'
            << count_of(picture.namespaces.size() - shown, "more namespace", "more namespaces")
            << " (-v shows all)\n";
    }
}

} // namespace render
