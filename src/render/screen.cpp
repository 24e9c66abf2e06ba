#include "render/screen.h"

#include "base/text.h"
#include "render/report_words.h"
#include "render/screen_parts.h"
#include "render/table.h"
#include "render/words.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace render {

namespace {

using findings::Finding;
using findings::Remedy;
using findings::Report;
using findings::State;

constexpr std::size_t screen_lines = 23; // of 24: the prompt below must not push the first one out
constexpr int screen_columns = 80;

Lines lines_in(const std::string& text) {
    Lines lines;
    for (const std::string_view line : base::split(text, '\n')) {
        if (!line.empty()) {
            lines.emplace_back(line);
        }
    }
    return lines;
}

/// The line cut to the width, with its indent.
std::string clipped(const std::string& line, int width) {
    const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
    return line.substr(0, start) + clip(line.substr(start), static_cast<std::size_t>(width) - start);
}

/// `text` behind the label, each line cut to the width: a word may be longer.
Lines wrapped(const Style& style, std::string_view label, std::string_view text) {
    std::ostringstream out;
    paragraph(out, style, label, base::one_line(text));
    Lines lines = lines_in(out.str());
    for (std::string& line : lines) {
        line = clipped(line, style.width);
    }
    return lines;
}

/// The same in at most so many lines.
Lines labelled(const Style& style, std::string_view label, std::string_view text, std::size_t most) {
    Lines lines = wrapped(style, label, text);
    if (lines.size() > most) {
        const std::string rest = lines[most - 1] + " " + std::string(base::trim(lines[most]));
        lines.resize(most);
        lines.back() = clipped(rest, style.width);
    }
    return lines;
}

/// Of a line whose start is taken; a narrow screen wraps it rather than to show nothing.
std::size_t room_behind(const Style& style, std::size_t taken) {
    constexpr std::size_t least = 10;
    const auto width = static_cast<std::size_t>(style.width);
    return width > taken + least ? width - taken : least;
}

/// The start of `text` that makes sense by itself, behind the label on one line; all of it where there is
/// room.
ScreenLine brief(const Style& style, std::string_view label, std::string_view text) {
    constexpr std::size_t most = 4;
    const std::string line = safe_line(text);
    const std::size_t room = room_behind(style, base::display_width(label));
    if (base::display_width(line) <= room) {
        return {std::string(label) + line};
    }
    std::size_t end = 0;
    for (const std::string_view stop : {". ", "; ", ", "}) { // what stands behind a colon is what matters
        const std::size_t found = line.rfind(stop, room);
        end = found != std::string::npos && found < room ? std::max(end, found) : end;
    }
    return {std::string(label) + (end * 2 > room ? line.substr(0, end) : clip(line, room)),
            labelled(style, label, text, most)};
}

/// "in web: " before `text`, where there are several places.
std::string placed(const Finding& finding, const Report& report, const std::string& text) {
    const bool is_named = report.namespaces.size() > 1 || !finding.netns_path.empty();
    return is_named && !finding.netns.empty() ? "in " + finding.netns + ": " + text : text;
}

std::string impact_of(const Finding& finding, const Report& report) {
    const std::string& text = !finding.impact.empty()    ? finding.impact
                              : !finding.summary.empty() ? finding.summary
                                                         : finding.title;
    return placed(finding, report, text);
}

/// The finding that the screen is about: the worst one, unless there is only advice.
const Finding* subject_of(const Report& report) {
    const bool alarms = !report.findings.empty() && report.findings.front().state > State::info;
    return alarms ? &report.findings.front() : nullptr;
}

// What cannot be judged must not hide what was counted.

/// "38000 CLOSE_WAIT, most at 192.0.2.1:8080 (uid 0)": what strikes the eye in numbers.
std::string striking(const facts::Picture* picture) {
    constexpr std::uint32_t many = 100;
    const facts::WaitingOwner* worst = nullptr;
    for (std::size_t i = 0; picture != nullptr && i < picture->namespaces.size(); ++i) {
        for (const facts::WaitingOwner& owner : picture->namespaces[i].close_wait) {
            worst = worst == nullptr || owner.total > worst->total ? &owner : worst;
        }
    }
    if (worst == nullptr || worst->total < many) {
        return {};
    }
    return fmt::format("{} CLOSE_WAIT of {}, most at {}", worst->total, owner_text(*worst), worst->end_point);
}

std::string unjudged_counts(const Report& report) {
    const std::size_t rules = count_rules(report, State::unknown);
    const std::size_t files = report.broken_files.size();
    Lines parts;
    if (rules > 0) {
        parts.push_back(count_of(rules, "rule", "rules") + " could not be judged");
    }
    if (files > 0) {
        parts.push_back(count_of(files, "file", "files") + " of rules or settings not usable");
    }
    return base::join(parts, ", ");
}

std::string verdict_of(const Report& report, const facts::Picture* picture) {
    if (const Finding* finding = subject_of(report)) {
        return impact_of(*finding, report) + (report.blind.empty() ? "" : "; " + report.blind);
    }
    if (report.worst() == State::unknown) {
        const std::string strikes = striking(picture);
        const std::string& seen = strikes.empty() ? report.when_ok : strikes;
        return seen + (seen.empty() ? "" : "; ") + unjudged_counts(report);
    }
    return report.when_ok.empty() ? "no problem found" : report.when_ok;
}

ScreenPart verdict_part(const Style& style, const Report& report, const std::string& text) {
    constexpr std::size_t most = 3;
    const std::string word(verdict_word(report));
    ScreenPart part{.lines = as_they_are(labelled(style, word + ": ", text, most)), .least = most};
    std::string& first = part.lines.front().text;
    first = paint(style, report.worst(), word) + first.substr(word.size());
    if (!report.scope.empty()) {
        append_to(part.lines, labelled(style, "", report.scope, 1));
    }
    std::ostringstream origin;
    origin_line(origin, style, {report.host, report.kernel, report.time, report.assumed, report.version});
    append_to(part.lines, labelled(style, "", origin.str(), 1));
    part.least = part.lines.size();
    return part;
}

/// How long it has lasted at least, in seconds, by its connections; none if they do not tell.
std::optional<double> proven_age(const Finding& finding) {
    constexpr double of_silent = 10;
    for (const findings::Evidence& evidence : finding.evidence) {
        const double number = evidence.number.value_or(0);
        if ((evidence.name == "oldest" || evidence.name == "oldest_waiting") && number > 0) {
            return number;
        }
        if (evidence.name == "established_retrying_10s" && number > 0) {
            return of_silent;
        }
    }
    return std::nullopt;
}

/// The first finding of a rule, and how many more of it there are.
struct OfRule {
    const Finding* first = nullptr;
    std::size_t more = 0;

    std::string more_text() const { return more > 0 ? fmt::format(" ({} more)", more) : ""; }
};

std::vector<OfRule> by_rule(const std::vector<const Finding*>& findings) {
    std::vector<OfRule> rules;
    for (const Finding* finding : findings) {
        const auto known = std::find_if(rules.begin(), rules.end(), [&](const OfRule& rule) {
            return rule.first->rule == finding->rule;
        });
        if (known == rules.end()) {
            rules.push_back({finding, 0});
        } else {
            ++known->more;
        }
    }
    return rules;
}

ScreenPart also_part(const Style& style, const Finding& finding, const Report& report) {
    ScreenPart part{.more = "and {} more of the same cause"};
    for (const OfRule& rule : by_rule(explained_by(finding, report))) {
        part.lines.push_back(
            brief(style, label_of(part.lines.empty() ? "Also" : ""), rule.first->summary + rule.more_text()));
    }
    part.least = std::min<std::size_t>(part.lines.size(), 2);
    return part;
}

std::string since_when(const Finding& finding, double now) {
    if (!since_text(finding, now).empty()) {
        return fmt::format("{} ({} ago)", rfc3339(*finding.since).value_or("unknown"),
                           duration(now - *finding.since));
    }
    if (finding.since) {
        return "seen for the first time";
    }
    if (const auto age = proven_age(finding)) {
        return fmt::format("at least {} ago, by the oldest connection", duration(*age));
    }
    return "unknown: tcpadvisor check, run every minute, remembers it";
}

ScreenPart who_part(const Style& style, const Finding& finding, const facts::Picture* picture) {
    constexpr std::size_t most = 2;
    const std::string who = who_text(finding, picture);
    return {.lines = as_they_are(who.empty() ? Lines() : labelled(style, label_of("Who"), who, most)),
            .least = 1};
}

ScreenPart since_part(const Style& style, const Finding& finding, double now) {
    return {.lines = as_they_are(labelled(style, label_of("Since"), since_when(finding, now), 1)),
            .least = 1};
}

// What to do.

/// Changes something for the better, as was computed.
bool is_cure(const Remedy& remedy, State now) {
    return !remedy.settings.empty() && remedy.after && *remedy.after < now;
}

/// The one or two to begin with: what cures at once, the best first; else what the rule says to do now, else
/// commands that show more.
std::vector<const Remedy*> urgent(const Finding& finding) {
    constexpr std::size_t most = 2;
    std::vector<const Remedy*> chosen;
    const auto choose = [&](std::size_t up_to, auto fits) {
        for (const Remedy& remedy : finding.remedies) {
            if (chosen.size() < up_to && fits(remedy) &&
                std::find(chosen.begin(), chosen.end(), &remedy) == chosen.end()) {
                chosen.push_back(&remedy);
            }
        }
    };
    choose(most, [&](const Remedy& remedy) { return is_cure(remedy, finding.state); });
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const Remedy* a, const Remedy* b) { return *a->after < *b->after; });
    choose(most, [](const Remedy& remedy) { return remedy.now && !remedy.command.empty(); });
    choose(most, [](const Remedy& remedy) { return remedy.now; });
    choose(most, [](const Remedy& remedy) { return !remedy.command.empty() && remedy.settings.empty(); });
    choose(1, [](const Remedy&) { return true; });
    return chosen;
}

Lines shown_command(const Style& style, std::string_view label, std::string_view command) {
    constexpr std::size_t most = 2;
    constexpr std::string_view indent_of_commands = "  ";
    const std::string start = std::string(indent_of_commands) + std::string(label);
    Lines lines = command_lines(command, static_cast<std::size_t>(style.width) - start.size());
    if (lines.empty() || lines.size() > most) {
        return {start + "(too long for a line: -v shows it)"};
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        lines[i].insert(0, i == 0 ? start : std::string(start.size(), ' '));
    }
    return lines;
}

/// "local ports taken: 95 % -> 2.5 %, CRITICAL -> OK".
std::string effect_text(const Finding& finding, const Remedy& remedy) {
    const bool has_numbers = remedy.after && finding.value && !remedy.effect.empty() &&
                             remedy.effect.front() >= '0' && remedy.effect.front() <= '9';
    return has_numbers && !finding.value_label.empty() ? finding.value_label + ": " + remedy.effect
                                                       : remedy.effect;
}

/// No sentence: those begin with a capital. What is cut of it would do something else.
bool is_command(std::string_view undo) {
    return !undo.empty() && undo.front() >= 'a' && undo.front() <= 'z';
}

ScreenPart remedy_part(const Style& style, const Finding& finding, const Remedy& remedy, bool is_first) {
    ScreenPart part{.lines = {brief(style, label_of(is_first ? "Right now" : "or"), remedy.text)},
                    .as_a_whole = true,
                    .is_apart = is_first};
    const auto line = [&](std::string_view name, std::string_view text) {
        if (!text.empty()) {
            part.lines.push_back(brief(style, fmt::format("    {:<7}", name), text));
        }
    };
    if (!remedy.command.empty()) {
        append_to(part.lines, shown_command(style, "", remedy.command));
    } else if (!remedy.on_node.empty()) {
        part.lines.push_back({"  /proc/sys is read-only in this container. As root on its host:"});
        append_to(part.lines, shown_command(style, "", remedy.on_node));
    }
    line("effect", effect_text(finding, remedy));
    line("risk", remedy.risk);
    if (is_command(remedy.undo)) {
        append_to(part.lines, shown_command(style, "  undo   ", remedy.undo));
    } else {
        line("undo", remedy.undo);
    }
    part.least = is_first ? part.lines.size() : 0;
    return part;
}

ScreenPart for_good_part(const Style& style, const Finding& finding, const std::vector<const Remedy*>& now) {
    constexpr std::size_t most = 3;
    ScreenPart part{.least = 1, .is_apart = true};
    for (const Remedy& remedy : finding.remedies) {
        const bool is_shown = std::find(now.begin(), now.end(), &remedy) != now.end();
        const bool is_lasting = remedy.command.empty() || !remedy.settings.empty();
        if (!is_shown && is_lasting && part.lines.size() < most) {
            part.lines.push_back(brief(style, label_of(part.lines.empty() ? "For good" : ""), remedy.text));
        }
    }
    return part;
}

// What else there is.

/// The findings beside the one that the screen is about.
std::vector<const Finding*> others(const Report& report, const Finding* subject) {
    std::vector<const Finding*> all;
    for (const Finding& finding : report.findings) {
        if (&finding != subject && !finding.explained_by) {
            all.push_back(&finding);
        }
    }
    return all;
}

ScreenPart found_part(const Style& style, const Report& report, const Finding* subject) {
    ScreenPart part{.least = 2, .more = "and {} more", .is_apart = true};
    for (const OfRule& rule : by_rule(others(report, subject))) {
        const Finding& finding = *rule.first;
        const std::string label =
            label_of(part.lines.empty() ? (subject != nullptr ? "Also found" : "Found") : "");
        const std::string rest = rule.more_text();
        const std::string state(findings::name(finding.state));
        const std::size_t room = room_behind(style, label.size() + state.size() + rest.size() + 1);
        const std::string impact = safe_line(impact_of(finding, report));
        const bool is_short = finding.summary.size() < impact.size() && base::display_width(impact) > room;
        const std::string shown = is_short ? safe_line(placed(finding, report, finding.summary)) : impact;
        part.lines.push_back(
            {fmt::format("{}{} {}{}", label, paint(style, finding.state, state), clip(shown, room), rest)});
        if (subject == nullptr && base::display_width(shown) > room) { // nothing else wants the room
            part.lines.back().whole = wrapped(style, label + state + " ", shown + rest);
        }
    }
    return part;
}

ScreenPart unseen_part(const Style& style, const Report& report) {
    constexpr std::size_t least = 3;
    constexpr std::size_t many = 10;
    ScreenPart part{.least = least, .more = "and more (-v lists all)"};
    const auto label = [&] { return label_of(part.lines.empty() ? "Not seen" : ""); };
    const auto add = [&](std::string_view text) { part.lines.push_back(brief(style, label(), text)); };
    for (const std::string& file : report.broken_files) {
        add(file);
    }
    for (const Unjudged& group : unjudged(report)) {
        if (group.rules.size() >= many) { // why most is not known is told whole
            append_to(part.lines, labelled(style, label(), unjudged_line(group), 2));
        } else {
            add(unjudged_line(group));
        }
    }
    for (const std::string& note : report.notes) {
        add(note);
    }
    for (const std::string& notice : report.notices) {
        add(notice);
    }
    return part;
}

ScreenPart command_part(const Style& style, std::string_view label, std::string_view command) {
    if (command.empty()) {
        return {};
    }
    Lines lines = command_lines(command, static_cast<std::size_t>(style.width) - label_of("").size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        lines[i].insert(0, label_of(i == 0 ? label : ""));
    }
    return {.lines = as_they_are(lines), .least = lines.size()};
}

/// What to run for a text that tells more than this one did.
std::string_view next_time_of(const facts::Picture* picture) {
    for (std::size_t i = 0; picture != nullptr && i < picture->namespaces.size(); ++i) {
        const facts::NetnsStates& states = picture->namespaces[i].states;
        if (!states.next_time.empty() && (states.unknown || !states.gaps.empty())) {
            return states.next_time;
        }
    }
    return {};
}

void add_next(std::vector<ScreenPart>& parts, const Style& style, const Report& report,
              const Finding* subject, const facts::Picture* picture) {
    if (subject == nullptr && report.worst() == State::unknown) {
        parts.push_back(command_part(style, "Next time", next_time_of(picture)));
    }
    const Finding* first = subject != nullptr || report.findings.empty() ? subject : &report.findings.front();
    if (first != nullptr) {
        parts.push_back(command_part(style, "Next", next_commands(*first, report).front()));
    }
    parts.push_back(command_part(style, "Details", report.again + " -v"));
}

/// As they are written: broken at spaces outside quotes.
Lines shell_words(std::string_view command) {
    Lines words;
    char quote = 0;
    bool in_word = false;
    for (const char c : command) {
        if (quote == 0 && c == ' ') {
            in_word = false;
            continue;
        }
        if (!in_word) {
            words.emplace_back();
            in_word = true;
        }
        if (quote == c) {
            quote = 0;
        } else if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        }
        words.back() += c;
    }
    return words;
}

} // namespace

std::vector<std::string> command_lines(std::string_view command, std::size_t width) {
    constexpr std::string_view joint = " \\";
    Lines lines;
    for (const std::string_view line : base::split(base::trim(command), '\n')) {
        std::string joined;
        for (const std::string& word : shell_words(base::printable(line))) {
            const std::size_t needed = base::display_width(word) + joint.size();
            if (needed > width) {
                return {};
            }
            if (!joined.empty() && base::display_width(joined) + 1 + needed > width) {
                lines.push_back(joined + std::string(joint));
                joined.clear();
            }
            joined += (joined.empty() ? "" : " ") + word;
        }
        lines.push_back(std::move(joined));
    }
    return lines;
}

void screen_text(std::ostream& out, const Style& wanted, const Report& report,
                 const facts::Picture* picture) {
    Style style = wanted;
    style.width = std::min(style.width, screen_columns);
    const Finding* subject = subject_of(report);
    const std::string text = verdict_of(report, picture);
    std::vector<ScreenPart> parts = {verdict_part(style, report, text)};
    if (subject != nullptr) {
        parts.push_back(who_part(style, *subject, picture));
        parts.push_back(since_part(style, *subject, report.time));
        parts.push_back(also_part(style, *subject, report));
        const std::vector<const Remedy*> now = urgent(*subject);
        for (std::size_t i = 0; i < now.size(); ++i) {
            parts.push_back(remedy_part(style, *subject, *now[i], i == 0));
        }
        parts.push_back(for_good_part(style, *subject, now));
    }
    parts.push_back(found_part(style, report, subject));
    parts.push_back(unseen_part(style, report));
    add_next(parts, style, report, subject, picture);
    const std::size_t room = screen_lines - (style.is_terminal ? 1 : 0);
    fit(parts, room);
    say_more(parts, room);
    const bool spacious = is_spacious(parts, room);
    for (const ScreenPart& part : parts) {
        out << (spacious && begins_apart(part) ? "\n" : "");
        for (const ScreenLine& line : part.lines) {
            out << line.text << '\n';
        }
    }
    if (style.is_terminal) {
        out << verdict_part(style, report, text).lines.front().text << '\n';
    }
}

} // namespace render
