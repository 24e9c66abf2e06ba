#include "render/report_words.h"

#include "base/number.h"
#include "base/text.h"
#include "findings/place.h"
#include "render/nagios.h"
#include "render/words.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace render {

namespace {

using findings::Finding;
using findings::OverrideNote;
using findings::Remedy;
using findings::Report;
using findings::RuleOutcome;
using findings::State;

std::string_view word(OverrideNote::Kind kind) {
    switch (kind) {
    case OverrideNote::Kind::ignored:
        return "IGNORED";
    case OverrideNote::Kind::eased:
        return "EASED";
    case OverrideNote::Kind::expired:
        return "EXPIRED";
    }
    return "";
}

/// "CRITICAL of remote 10.1.2.3:443 and 2 more".
std::string hidden_text(const OverrideNote& note) {
    const std::string more = note.subjects > 1 ? fmt::format(" and {} more", note.subjects - 1) : "";
    return fmt::format("{} of {}{}", findings::name(note.hidden), note.example, more);
}

std::string override_line(const std::string& rule, const OverrideNote& note) {
    const bool expired = note.kind == OverrideNote::Kind::expired;
    std::string text = fmt::format("[{}] {}: {} {}{}", word(note.kind), rule, note.subject,
                                   expired ? "was " : "", note.effect);
    if (!note.expires.empty()) {
        text += " until " + note.expires;
    }
    text += fmt::format(": {} ({})", note.reason, note.origin);
    return note.subjects > 0 ? text + ", hides " + hidden_text(note) : text;
}

/// "critical above 90": a Nagios range in words.
std::string in_words(std::string_view state, std::string_view range) {
    const std::string_view shortest = shortest_range(range);
    if (base::parse_decimal(shortest)) {
        return fmt::format("{} above {}", state, shortest);
    }
    if (shortest.starts_with("~:")) {
        return fmt::format("{} above {}", state, shortest.substr(2));
    }
    if (shortest.ends_with(':')) {
        return fmt::format("{} below {}", state, shortest.substr(0, shortest.size() - 1));
    }
    return shortest.starts_with('@') ? fmt::format("{} inside {}", state, shortest.substr(1))
                                     : fmt::format("{} outside {}", state, shortest);
}

std::string value_of(const Finding& finding, std::string_view column) {
    const auto found = std::find_if(finding.subject.begin(), finding.subject.end(),
                                    [&](const auto& part) { return part.first == column; });
    return found != finding.subject.end() ? found->second : std::string();
}

/// Safe in a command that somebody copies: an address and a port, nothing else.
bool is_end_point(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF.:[]%") == std::string_view::npos;
}

/// The first few, with their ports.
std::string holder_words(const std::vector<facts::PortHolder>& holders) {
    constexpr std::size_t most = 3;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < holders.size() && i < most; ++i) {
        parts.push_back(fmt::format("{}: {}{}", holders[i].name, count_of(holders[i].ports, "port", "ports"),
                                    holders[i].inferred ? " (inferred)" : ""));
    }
    return base::join(parts, "; ");
}

/// Who holds the ports of a local address, as far as its busiest destinations tell.
std::string source_words(const std::vector<facts::Destination>& destinations, std::string_view source) {
    std::vector<facts::PortHolder> all;
    for (const facts::Destination& destination : destinations) {
        if (destination.local != source) {
            continue;
        }
        for (const facts::PortHolder& holder : destination.holders) {
            const auto known = std::find_if(all.begin(), all.end(), [&](const facts::PortHolder& other) {
                return other.name == holder.name;
            });
            if (known == all.end()) {
                all.push_back(holder);
            } else {
                known->ports += holder.ports;
            }
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const facts::PortHolder& a, const facts::PortHolder& b) {
        return a.ports > b.ports;
    });
    return all.empty() ? "" : holder_words(all) + ", to the busiest destinations";
}

std::string who_in(const Finding& finding, const facts::NetnsPicture& picture) {
    for (const facts::WaitingOwner& owner : picture.close_wait) {
        if (!owner.owner.empty() && owner.owner == value_of(finding, "owner")) {
            return owner_text(owner) + ", most at " + owner.end_point;
        }
    }
    const std::string source = value_of(finding, "source");
    const std::string remote = value_of(finding, "remote");
    for (const facts::Destination& destination : picture.ports.destinations) {
        const bool same_source = source.empty() || !destination.local || *destination.local == source;
        if (remote_of(destination) == remote && same_source) {
            return holder_words(destination.holders);
        }
    }
    for (const facts::ListenerQueue& queue : picture.queues) {
        if (queue.listener == value_of(finding, "listener")) {
            return queue.holder;
        }
    }
    return remote.empty() && !source.empty() ? source_words(picture.ports.destinations, source) : "";
}

/// "1 critical, 2 warnings, 3 rules not judged".
std::string tally(const Report& report) {
    const auto count = [&](State state) {
        return static_cast<std::size_t>(
            std::count_if(report.findings.begin(), report.findings.end(),
                          [&](const Finding& f) { return f.state == state && !f.explained_by; }));
    };
    std::vector<std::string> parts;
    const auto add = [&](std::size_t number, std::string_view one, std::string_view many) {
        if (number > 0) {
            parts.push_back(count_of(number, one, many));
        }
    };
    add(count(State::critical), "critical", "critical");
    add(count(State::warning), "warning", "warnings");
    add(count(State::unknown), "finding unknown", "findings unknown");
    add(count(State::info), "piece of advice", "pieces of advice");
    add(count_rules(report, State::unknown), "rule not judged", "rules not judged");
    add(report.broken_files.size(), "file not usable", "files not usable");
    return base::join(parts, ", ");
}

/// The worst finding in its own words, then how many there are.
std::string trouble(const Report& report) {
    std::string numbers = tally(report);
    if (report.findings.empty() || report.findings.front().state != report.worst()) {
        return numbers;
    }
    const Finding& first = report.findings.front();
    const std::string place = first.netns_path.empty() ? "" : "in " + first.netns + ": ";
    return place + (first.summary.empty() ? first.title : first.summary) + " (" + numbers + ")";
}

} // namespace

std::vector<std::string> override_lines(const findings::Report& report) {
    std::vector<std::string> lines;
    for (const findings::RuleOutcome& rule : report.rules) {
        for (const OverrideNote& note : rule.overrides) {
            lines.push_back(override_line(rule.id, note));
        }
    }
    return lines;
}

std::string measure(const Finding& finding, const findings::Report& report) {
    std::vector<std::string> parts;
    const bool judged = !finding.warning.empty() || !finding.critical.empty();
    if (judged || (finding.value && !finding.unit.empty())) {
        parts.push_back((finding.value_label.empty() ? "" : finding.value_label + ": ") +
                        quantity(finding.value, finding.unit) + (finding.inferred ? " (inferred)" : ""));
    }
    if (!finding.warning.empty()) {
        parts.push_back(in_words("warning", finding.warning));
    }
    if (!finding.critical.empty()) {
        parts.push_back(in_words("critical", finding.critical));
    }
    if (const std::string since = since_text(finding, report.time); !since.empty()) {
        parts.push_back(since.substr(2) + fmt::format(" ({})", duration(report.time - *finding.since)));
    } else if (finding.since) {
        parts.emplace_back("seen for the first time");
    }
    if (report.namespaces.size() > 1) {
        parts.push_back("in " + finding.netns);
    }
    return base::join(parts, ", ");
}

std::string evidence_text(const findings::Evidence& evidence) {
    std::string value = quantity(evidence.number, evidence.unit);
    if (evidence.text) {
        value = *evidence.text;
    } else if (evidence.truth) {
        value = *evidence.truth ? "yes" : "no";
    }
    return fmt::format("{}: {}{}", evidence.label.empty() ? evidence.name : evidence.label, value,
                       evidence.inferred ? " (inferred)" : "");
}

bool is_unknown(const findings::Evidence& evidence) {
    return !evidence.number && !evidence.text && !evidence.truth;
}

bool same_remedies(const Finding& a, const Finding& b) {
    return std::equal(a.remedies.begin(), a.remedies.end(), b.remedies.begin(), b.remedies.end(),
                      [](const Remedy& x, const Remedy& y) {
                          return x.text == y.text && x.command == y.command && x.undo == y.undo &&
                                 x.risk == y.risk && x.effect == y.effect;
                      });
}

std::vector<const Finding*> explained_by(const Finding& finding, const Report& report) {
    std::vector<const Finding*> all;
    for (const Finding& other : report.findings) {
        if (other.explained_by && &report.findings[*other.explained_by] == &finding) {
            all.push_back(&other);
        }
    }
    return all;
}

std::vector<std::string> also_lines(const Finding& finding, const Report& report) {
    std::vector<std::string> lines;
    for (const Finding* other : explained_by(finding, report)) {
        lines.push_back(
            fmt::format("{} ({}): {}", other->rule, findings::name(other->state), other->summary));
    }
    return lines;
}

std::string also_text(const Finding& finding, const Report& report) {
    std::vector<std::string> rules;
    for (const Finding* other : explained_by(finding, report)) {
        if (std::find(rules.begin(), rules.end(), other->rule) == rules.end()) {
            rules.push_back(other->rule);
        }
    }
    return rules.empty() ? "" : ", also: " + base::join(rules, ", ");
}

std::string cause_text(const Finding& finding, const Report& report) {
    return finding.explained_by ? "same cause as " + report.findings[*finding.explained_by].rule
                                : std::string();
}

std::string who_text(const Finding& finding, const facts::Picture* picture) {
    if (picture == nullptr) {
        return {};
    }
    for (const facts::NetnsPicture& netns : picture->namespaces) {
        if (netns.states.label == finding.netns) {
            return who_in(finding, netns);
        }
    }
    return {};
}

std::string place_text(const findings::FileLine& line) {
    return line.line > 0 ? fmt::format("{}:{}", line.file, line.line) : line.file;
}

std::vector<std::string> next_commands(const Finding& finding, const findings::Report& report) {
    std::vector<std::string> commands;
    const std::string remote = value_of(finding, "remote");
    const std::string source = value_of(finding, "source");
    const bool of_other_hosts = !value_of(finding, "nat_address").empty(); // whose ports are not this host's
    if (is_end_point(remote) && !of_other_hosts) {
        commands.push_back("tcpadvisor ports --to " + remote +
                           (is_end_point(source) ? " --from " + source : ""));
    }
    commands.push_back("tcpadvisor explain " + base::one_line(finding.rule));
    const std::string own = findings::options_for(finding.netns_path);
    const std::string place = base::one_line(own.empty() || report.replayed ? report.place : own);
    for (std::string& command : commands) {
        command += place.empty() ? "" : " " + place;
    }
    return commands;
}

std::vector<std::string> places_to_see(const Finding& finding) {
    constexpr std::string_view topic = "explain:";
    std::vector<std::string> places;
    for (const std::string& place : finding.see) {
        places.push_back(place.starts_with(topic) ? "tcpadvisor explain " + place.substr(topic.size())
                                                  : place);
    }
    return places;
}

std::string since_text(const Finding& finding, double now) {
    constexpr double just_now = 1; // second
    const auto since =
        finding.since && now - *finding.since >= just_now ? rfc3339(*finding.since) : std::nullopt;
    return since ? ", since " + *since : "";
}

std::string waiting_text(const findings::RuleOutcome& rule) {
    if (rule.waiting == 0) {
        return {};
    }
    return fmt::format(", {} since {}, spoken of after {}", count_of(rule.waiting, "alerts", "alert"),
                       rfc3339(rule.waiting_since).value_or("now"), duration(rule.wait_seconds));
}

std::string_view verdict_word(const Report& report) {
    const State worst = report.worst();
    return findings::name(worst == State::info ? State::ok : worst);
}

std::string headline(const Report& report) {
    const State worst = report.worst();
    std::string text = worst <= State::info ? report.when_ok : trouble(report);
    if (!report.blind.empty()) { // the cause stands before what was not seen
        text += (text.empty() ? "" : ", ") + report.blind;
    }
    if (text.empty()) {
        text = "no problem found";
    }
    if (worst == State::info) {
        text += ", " + tally(report);
    }
    for (const std::string& note : report.notes) {
        text += ", " + note;
    }
    if (!report.assumed.empty()) {
        text += ", as if " + base::join(report.assumed, " and ");
    }
    return text;
}

std::size_t count_rules(const Report& report, std::optional<State> state) {
    return static_cast<std::size_t>(
        std::count_if(report.rules.begin(), report.rules.end(),
                      [&](const RuleOutcome& rule) { return rule.state == state; }));
}

std::string rule_text(const RuleOutcome& rule) {
    return (rule.reason.empty() ? rule.id : rule.id + ": " + rule.reason) + waiting_text(rule);
}

namespace {

/// The kernel refuses many things for one reason; what a rule lacks is told if that says nothing.
std::string unjudged_reason(const RuleOutcome& rule) {
    return !rule.lacks                  ? rule.reason
           : rule.lacks->detail.empty() ? base::to_text(*rule.lacks)
                                        : rule.lacks->detail;
}

void add_once(std::vector<std::string>& list, const std::string& text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) {
        list.push_back(text);
    }
}

} // namespace

std::vector<Unjudged> unjudged(const Report& report) {
    std::vector<Unjudged> groups;
    for (const RuleOutcome& rule : report.rules) {
        if (rule.state != State::unknown) {
            continue;
        }
        const std::string reason = unjudged_reason(rule);
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const Unjudged& other) { return other.reason == reason; });
        group = group == groups.end() ? groups.insert(group, {reason, {}, {}}) : group;
        group->rules.push_back(rule.id);
        if (rule.lacks && !rule.lacks->detail.empty()) {
            add_once(group->lacks, rule.lacks->what);
        }
    }
    std::stable_sort(groups.begin(), groups.end(),
                     [](const Unjudged& a, const Unjudged& b) { return a.rules.size() > b.rules.size(); });
    return groups;
}

std::string unjudged_line(const Unjudged& group) {
    const std::string who =
        group.rules.size() == 1 ? group.rules.front() : fmt::format("{} rules", group.rules.size());
    if (group.lacks.size() == 1) {
        return fmt::format("{} could not be judged: {}: {}", who, group.lacks.front(), group.reason);
    }
    return fmt::format("{} could not be judged: {}", who, group.reason);
}

std::string unjudged_text(const Unjudged& group) {
    return group.rules.size() == 1 ? unjudged_line(group)
                                   : unjudged_line(group) + ": " + base::join(group.rules, ", ");
}

std::vector<Shown> shown_findings(const Report& report) {
    std::map<std::string_view, const Finding*> first; // of each rule
    std::vector<Shown> all;
    for (const Finding& finding : report.findings) {
        if (finding.explained_by) {
            continue;
        }
        const auto [known, is_first] = first.try_emplace(finding.rule, &finding);
        all.push_back({&finding, is_first ? nullptr : known->second});
    }
    return all;
}

std::string owner_text(const facts::WaitingOwner& owner) {
    const bool is_named = owner.process.empty() || owner.owner.find(owner.process) != std::string::npos;
    return is_named ? owner.owner : owner.owner + ", " + owner.process;
}

std::vector<const facts::NetnsPicture*> namespaces_with_findings(const facts::Picture& picture,
                                                                 const findings::Report& report) {
    std::vector<const facts::NetnsPicture*> all;
    std::vector<const facts::NetnsPicture*> named;
    for (const facts::NetnsPicture& netns : picture.namespaces) {
        all.push_back(&netns);
        if (std::any_of(report.findings.begin(), report.findings.end(),
                        [&](const findings::Finding& f) { return f.netns == netns.states.label; })) {
            named.push_back(&netns);
        }
    }
    return named.empty() ? all : named;
}

std::string age_bin_name(std::size_t bin) {
    const std::size_t from = bin * facts::age_bin_seconds;
    constexpr std::size_t slack = 2; // seconds, of the kernel's timer wheel
    const bool last = bin + 1 == facts::age_bin_count;
    return fmt::format("{}-{} s", from, from + (last ? slack : facts::age_bin_seconds));
}

std::string step_name(std::uint32_t seconds) {
    return duration(seconds);
}

std::uint32_t time_wait_count(const facts::NetnsPicture& picture) {
    return std::accumulate(picture.time_wait_ages.begin(), picture.time_wait_ages.end(), std::uint32_t{0});
}

std::string queue_share(const facts::ListenerQueue& queue) {
    if (!queue.limit) {
        return "unknown";
    }
    return base::to_text(100.0 * queue.queue / std::max<std::uint32_t>(*queue.limit, 1), 0) + " %";
}

std::string empty_queues_text(const facts::NetnsPicture& picture) {
    return picture.listeners == 0
               ? "nothing listens here"
               : fmt::format("empty at {}", count_of(picture.listeners, "listener", "listeners"));
}

std::string title_of(const Report& report) {
    std::string title = "tcpadvisor";
    title += report.host.empty() ? "" : " on " + report.host;
    title += report.kernel.empty() ? "" : ", Linux " + report.kernel;
    title += report.assumed.empty() ? "" : ", as if " + base::join(report.assumed, " and ");
    return title;
}

std::vector<std::string> notices_and_remarks(const findings::Report& report) {
    std::vector<std::string> all = report.notices;
    all.insert(all.end(), report.remarks.begin(), report.remarks.end());
    return all;
}

} // namespace render
