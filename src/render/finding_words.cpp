#include "render/finding_words.h"

#include "base/number.h"
#include "base/text.h"
#include "render/perfdata.h"
#include "render/port_equation.h"
#include "render/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

using findings::Finding;
using findings::Remedy;

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

std::string owner_words(const facts::WaitingOwner& owner) {
    std::string text = owner.owner;
    if (!owner.process.empty() && owner.owner.find(owner.process) == std::string::npos) {
        text += ", " + owner.process;
    }
    return text + ", most at " + owner.end_point;
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

std::string who_in(const Finding& finding, const facts::NamespacePicture& picture) {
    for (const facts::WaitingOwner& owner : picture.close_wait) {
        if (!owner.owner.empty() && owner.owner == value_of(finding, "owner")) {
            return owner_words(owner);
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

} // namespace

std::string measure(const Finding& finding, const findings::Report& report) {
    std::vector<std::string> parts;
    const bool judged = !finding.warning.empty() || !finding.critical.empty();
    if (judged || (finding.value && !finding.unit.empty())) {
        parts.push_back(quantity(finding.value, finding.unit) + (finding.inferred ? " (inferred)" : ""));
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
        parts.push_back("in " + finding.network_namespace);
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
    return fmt::format("{}: {}{}", evidence.name, value, evidence.inferred ? " (inferred)" : "");
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

std::string who_text(const Finding& finding, const facts::Picture* picture) {
    if (picture == nullptr) {
        return {};
    }
    for (const facts::NamespacePicture& space : picture->namespaces) {
        if (space.states.label == finding.network_namespace) {
            return who_in(finding, space);
        }
    }
    return {};
}

std::vector<std::string> next_commands(const Finding& finding, const findings::Report& report) {
    std::vector<std::string> commands;
    const std::string remote = value_of(finding, "remote");
    const std::string source = value_of(finding, "source");
    if (is_end_point(remote)) {
        commands.push_back("tcpadvisor ports --to " + remote +
                           (is_end_point(source) ? " --from " + source : ""));
    }
    commands.push_back("tcpadvisor explain " + one_line(finding.rule));
    for (std::string& command : commands) {
        command += report.place.empty() ? "" : " " + one_line(report.place);
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

} // namespace render
