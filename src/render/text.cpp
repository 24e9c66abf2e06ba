// What a person reads at three in the morning: the worst thing first, the number, what it means, what to do.
#include "render/text.h"

#include "base/text.h"
#include "render/answers.h"
#include "render/formats.h"
#include "render/glossary.h"
#include "render/report_words.h"
#include "render/screen.h"
#include "render/table.h"
#include "render/words.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace render {

namespace {

using facts::NetnsPicture;
using facts::WaitingOwner;
using findings::Finding;
using findings::Remedy;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

constexpr std::string_view indent = "  ";

/// Once for each subject, however many rules it breaks.
void show_who(std::ostream& out, const Style& style, const Finding& finding, const findings::Report& report,
              const facts::Picture* picture) {
    const std::string who = who_text(finding, picture);
    if (who.empty()) {
        return;
    }
    bool is_told = false;
    for (const Finding& earlier : report.findings) {
        if (&earlier == &finding) {
            break;
        }
        is_told = is_told || (earlier.subject == finding.subject && who_text(earlier, picture) == who);
    }
    paragraph(out, style, "  Who: ", is_told ? "as above" : who);
}

/// Words of the trade, where they first stand.
void show_meanings(std::ostream& out, const Style& style, const Finding& finding, const Report& report) {
    std::vector<std::string_view> before;
    for (const Finding& earlier : report.findings) {
        if (&earlier == &finding) {
            break;
        }
        before.push_back(earlier.summary);
    }
    for (const std::string& line : words_to_explain(finding.summary, before)) {
        paragraph(out, style, indent, "(" + line + ")");
    }
}

/// Short, unless all is asked for.
void show_evidence(std::ostream& out, const Style& style, const Finding& finding) {
    constexpr std::size_t enough = 6;
    std::vector<std::string> parts;
    for (const findings::Evidence& evidence : finding.evidence) {
        if (style.verbosity >= 1 || (parts.size() < enough && !is_unknown(evidence))) {
            parts.push_back(evidence_text(evidence));
        }
    }
    if (!parts.empty()) {
        paragraph(out, style, "  Evidence: ", base::join(parts, ", "));
    }
}

void show_remedy(std::ostream& out, const Style& style, std::size_t number, const Remedy& remedy) {
    const std::string prefix = fmt::format("{:>4}. ", number);
    paragraph(out, style, prefix, remedy.text);
    const auto label = [&](std::string_view name) {
        return std::string(prefix.size(), ' ') + fmt::format("{:<9}", name);
    };
    if (!remedy.command.empty()) {
        command(out, label("command"), remedy.command);
    }
    if (!remedy.on_node.empty()) {
        command(out, label("on node"), remedy.on_node);
    }
    if (!remedy.undo.empty()) {
        command(out, label("undo"), remedy.undo);
    }
    if (!remedy.outside.empty()) {
        paragraph(out, style, label("outside"), remedy.outside);
    }
    if (!remedy.risk.empty()) {
        paragraph(out, style, label("risk"), remedy.risk);
    }
    if (!remedy.effect.empty()) {
        paragraph(out, style, label("effect"), remedy.effect);
    }
}

void show_remedies(std::ostream& out, const Style& style, const Finding& finding) {
    if (finding.remedies.empty()) {
        return;
    }
    out << "\n  " << bold(style, "What to do") << '\n';
    for (std::size_t i = 0; i < finding.remedies.size(); ++i) {
        show_remedy(out, style, i + 1, finding.remedies[i]);
    }
}

void show_myths(std::ostream& out, const Style& style, const Finding& finding) {
    if (finding.myths.empty()) {
        return;
    }
    out << "\n  " << bold(style, "What does not help") << '\n';
    for (const findings::Myth& myth : finding.myths) {
        paragraph(out, style, "    - ", myth.change + (myth.effect.empty() ? "" : ": " + myth.effect));
        paragraph(out, style, "      ", myth.text);
    }
}

void show_more(std::ostream& out, const Style& style, const Finding& finding,
               const findings::Report& report) {
    out << '\n';
    std::string_view label = "  Next: ";
    for (const std::string& next : next_commands(finding, report)) {
        command(out, label, next);
        label = "        ";
    }
    if (const auto places = places_to_see(finding); !places.empty()) {
        paragraph(out, style, "  See:  ", base::join(places, ", "));
    }
}

void heading(std::ostream& out, const Style& style, std::string_view text) {
    out << '\n' << bold(style, text) << '\n';
}

void states_part(std::ostream& out, const Style& style, const NetnsPicture& picture) {
    heading(out, style, "Connections by state");
    if (picture.states.unknown) {
        counts_text(out, style, picture.states);
        next_time_text(out, picture.states);
        return;
    }
    states_table(out, style, picture.states.states, Extent::whole);
    constexpr int width_of_diagram = 70;
    if (style.width >= width_of_diagram) { // folded by a terminal it is no drawing; the table says the same
        out << '\n';
        state_diagram(out, style, picture.states.states);
    }
    next_time_text(out, picture.states);
}

void destinations_part(std::ostream& out, const Style& style, const NetnsPicture& picture) {
    heading(out, style, "Busiest destinations");
    const facts::NetnsPorts& ports = picture.ports;
    if (ports.unknown) {
        paragraph(out, style, "", "Port use is unknown: " + base::to_text(*ports.unknown));
    } else if (ports.destinations.empty()) {
        out << "No outgoing connections.\n";
    } else {
        ports_table(out, style, ports.destinations);
    }
}

void ages_part(std::ostream& out, const Style& style, const NetnsPicture& picture) {
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
    TextTable table({{"AGE", Align::right}, {"SOCKETS", Align::right}, {""}});
    for (std::size_t bin = 0; bin < ages.size(); ++bin) {
        table.add_row(
            {age_bin_name(bin), std::to_string(ages[bin]), bar(ages[bin], most, room, ink_of(style))});
    }
    table.write(out);
}

std::string owner_line(const WaitingOwner& owner) {
    std::string text = owner_text(owner) + ": " + count_of(owner.total, "connection", "connections");
    if (owner.half_closed > 0) {
        text += fmt::format(", {} half-closed (legitimate)", owner.half_closed);
    }
    return owner.oldest ? text + ", oldest " + duration(*owner.oldest) : text;
}

TextTable waiting_table(const std::vector<WaitingOwner>& owners) {
    std::vector<TextColumn> columns;
    for (const char* title : {"LEAKED", "UNREAD", "UNACCEPTED"}) {
        columns.push_back({title, Align::right});
    }
    for (const std::uint32_t step : facts::waiting_steps_s) {
        columns.push_back({step_name(step), Align::right});
    }
    TextTable table(std::move(columns));
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

void close_wait_part(std::ostream& out, const Style& style, const NetnsPicture& picture) {
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

void queues_part(std::ostream& out, const Style& style, const NetnsPicture& picture) {
    if (picture.states.unknown) {
        return;
    }
    heading(out, style, "Accept queues");
    if (picture.queues.empty()) {
        paragraph(out, style, "", empty_queues_text(picture));
        return;
    }
    TextTable table({{"LISTENER"},
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

void picture_text(std::ostream& out, const Style& style, const facts::Picture& picture) {
    for (const NetnsPicture& netns : picture.namespaces) {
        if (picture.namespaces.size() > 1) {
            heading(out, style, safe_line("In " + netns.states.label));
        }
        states_part(out, style, netns);
        destinations_part(out, style, netns);
        ages_part(out, style, netns);
        close_wait_part(out, style, netns);
        queues_part(out, style, netns);
    }
}

/// Quiet output is for scripts, and stays on one line.
void first_line(std::ostream& out, const Style& style, const Report& report) {
    const State worst = report.worst();
    const std::string word(verdict_word(report));
    if (style.verbosity < 0) {
        out << paint(style, worst, word) << ": " << safe_line(headline(report)) << '\n';
        return;
    }
    std::ostringstream lines;
    paragraph(lines, style, word + ": ", headline(report));
    out << paint(style, worst, word) << lines.str().substr(word.size());
}

void show_findings(std::ostream& out, const Style& style, const Report& report,
                   const facts::Picture* picture) {
    for (const Shown& shown : shown_findings(report)) {
        finding_text(out, style, shown, report, picture);
    }
}

/// The rules in one state with the reason of each, under a heading.
void show_rules(std::ostream& out, const Style& style, const Report& report, std::optional<State> state,
                std::string_view heading) {
    if (count_rules(report, state) == 0) {
        return;
    }
    out << '\n' << bold(style, heading) << '\n';
    for (const RuleOutcome& rule : report.rules) {
        if (rule.state == state) {
            paragraph(out, style, indent, rule_text(rule));
            if (!rule.numbers.empty()) {
                paragraph(out, style, "    ", rule.numbers);
            }
        }
    }
}

/// Each reason once.
void show_unjudged(std::ostream& out, const Style& style, const Report& report) {
    const std::vector<Unjudged> groups = unjudged(report);
    if (groups.empty()) {
        return;
    }
    heading(out, style, "Rules that could not be judged");
    for (const Unjudged& group : groups) {
        paragraph(out, style, indent, unjudged_text(group));
    }
}

void show_broken_files(std::ostream& out, const Style& style, const Report& report) {
    if (report.broken_files.empty()) {
        return;
    }
    out << '\n' << bold(style, "Files that cannot be used") << '\n';
    for (const std::string& file : report.broken_files) {
        paragraph(out, style, indent, file);
    }
}

void show_remarks(std::ostream& out, const Style& style, const Report& report) {
    const std::vector<std::string> remarks = notices_and_remarks(report);
    if (remarks.empty()) {
        return;
    }
    out << '\n' << bold(style, "Notes") << '\n';
    for (const std::string& remark : remarks) {
        paragraph(out, style, indent, remark);
    }
}

void show_overrides(std::ostream& out, const Style& style, const Report& report) {
    const std::vector<std::string> lines = override_lines(report);
    if (lines.empty()) {
        return;
    }
    out << '\n' << bold(style, "Overrides") << '\n';
    for (const std::string& line : lines) {
        paragraph(out, style, indent, line);
    }
}

void last_lines(std::ostream& out, const Style& style, const Report& report) {
    show_overrides(out, style, report);
    show_rules(out, style, report, State::ok, "Rules passed");
    show_rules(out, style, report, std::nullopt, "Rules skipped");
    gap_list(out, style, report.gaps);
    show_remarks(out, style, report);
}

/// "-" before the line as it is, "+" before what should stand there.
void show_change(std::ostream& out, const findings::FileLine& line) {
    if (!line.text.empty()) {
        out << "  - " << safe_line(line.text) << '\n';
    }
    if (!line.corrected.empty()) {
        out << "  + " << safe_line(line.corrected) << '\n';
    }
}

/// Every finding with its lines, as of a program that checks source files.
void files_text(std::ostream& out, const Style& style, const Report& report) {
    first_line(out, style, report);
    origin_line(out, style, {report.host, report.kernel, report.time, report.assumed, report.version});
    show_broken_files(out, style, report);
    for (const Finding& finding : report.findings) {
        const findings::FileLine* first = finding.lines.empty() ? nullptr : &finding.lines.front();
        std::ostringstream text;
        paragraph(text, style, "",
                  fmt::format("{}{} {}: {}", first != nullptr ? place_text(*first) + ": " : "",
                              findings::name(finding.state), finding.rule,
                              finding.summary.empty() ? finding.title : finding.summary));
        out << '\n' << text.str();
        for (const findings::FileLine& line : finding.lines) {
            if (&line != first) {
                out << "  " << safe_line(place_text(line)) << '\n';
            }
            show_change(out, line);
        }
    }
    show_unjudged(out, style, report);
    out << '\n';
    for (const std::string& remark : report.remarks) {
        paragraph(out, style, "Note       ", remark);
    }
    command(out, "Details    ", report.again + " -v");
}

} // namespace

void finding_text(std::ostream& out, const Style& style, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture) {
    const Finding& finding = *shown.finding;
    const Finding* explained = shown.explained;
    out << '\n'
        << paint(style, finding.state, findings::name(finding.state)) << "  "
        << bold(style, safe_line(finding.rule)) << '\n';
    paragraph(out, style, indent, finding.summary.empty() ? finding.title : finding.summary);
    show_meanings(out, style, finding, report);
    paragraph(out, style, indent, measure(finding, report));
    paragraph(out, style, indent, cause_text(finding, report));
    show_who(out, style, finding, report, picture);
    for (const std::string& line : also_lines(finding, report)) {
        paragraph(out, style, "  Also: ", line);
    }
    for (const findings::FileLine& line : finding.lines) {
        if (!line.corrected.empty()) {
            paragraph(out, style, "  Correct: ", place_text(line) + ": " + base::one_line(line.corrected));
        }
    }
    show_evidence(out, style, finding);
    const bool why_is_new = explained == nullptr || explained->why != finding.why;
    if (why_is_new && !base::trim(finding.why).empty()) {
        out << '\n';
        paragraph(out, style, indent, finding.why);
    }
    if (explained == nullptr || !same_remedies(*explained, finding)) {
        show_remedies(out, style, finding);
        show_myths(out, style, finding);
    }
    if (explained == nullptr) {
        show_more(out, style, finding, report);
    }
}

void report_text(const Report& report, const facts::Picture* picture, const Style& style, std::ostream& out) {
    if (style.verbosity == 0 && report.of_files) {
        files_text(out, style, report);
        return;
    }
    if (style.verbosity == 0) {
        screen_text(out, style, report, picture);
        return;
    }
    first_line(out, style, report);
    if (style.verbosity < 0) {
        return;
    }
    if (!report.scope.empty()) {
        paragraph(out, style, "", report.scope);
    }
    origin_line(out, style, {report.host, report.kernel, report.time, {}, report.version});
    show_broken_files(out, style, report);
    show_findings(out, style, report, picture);
    show_unjudged(out, style, report);
    if (picture != nullptr) {
        picture_text(out, style, *picture);
    }
    last_lines(out, style, report);
}

void error_text(const Failure& failure, std::ostream& out) {
    out << "tcpadvisor: " << base::printable(failure.message) << '\n';
    for (const std::string& line : diagnostic_lines(failure.details)) {
        out << line << '\n';
    }
}

} // namespace render
