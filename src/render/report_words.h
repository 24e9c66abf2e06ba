// What renderers for people say of a finding, of a whole report and of the picture of the host, in words that
// each of them sets in its own way. Not yet safe for any reader.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace render {

/// The value with its meaning: thresholds, since when, and where if there are several namespaces.
std::string measure(const findings::Finding& finding, const findings::Report& report);

/// "free: 47 ports (inferred)".
std::string evidence_text(const findings::Evidence& evidence);

/// Nothing of the evidence is known.
bool is_unknown(const findings::Evidence& evidence);

bool same_remedies(const findings::Finding& a, const findings::Finding& b);

/// The findings that have their cause in this one.
std::vector<const findings::Finding*> explained_by(const findings::Finding& finding,
                                                   const findings::Report& report);

/// "port-range-narrow (WARNING): 200 ephemeral ports": each of them in a line.
std::vector<std::string> also_lines(const findings::Finding& finding, const findings::Report& report);

/// ", also: port-range-narrow, tw-reuse-off": their rules; empty if there are none.
std::string also_text(const findings::Finding& finding, const findings::Report& report);

/// "same cause as ephemeral-port-exhaustion"; empty if the finding has no other.
std::string cause_text(const findings::Finding& finding, const findings::Report& report);

/// Units, containers and processes behind the finding, as far as the picture knows them; else empty.
std::string who_text(const findings::Finding& finding, const facts::Picture* picture);

/// "etc/sysctl.conf:3"; only the file where the line is missing.
std::string place_text(const findings::FileLine& line);

/// What to run next, in this order; each looks where the report did.
std::vector<std::string> next_commands(const findings::Finding& finding, const findings::Report& report);

/// Manual pages, and topics of explain as commands.
std::vector<std::string> places_to_see(const findings::Finding& finding);

/// ", since 2026-03-01T02:03:04Z"; empty if that is now, or not known.
std::string since_text(const findings::Finding& finding, double now);

/// ", 2 alert since 2026-03-01T02:03:04Z, spoken of after 2 min"; empty if none waits.
std::string waiting_text(const findings::RuleOutcome& rule);

/// "[IGNORED] RULE: remote 10.0.0.0/8 ignored until 2027-01-31: batch hosts (tcpadvisor.toml:7), hides
/// CRITICAL of remote 10.1.2.3:443 and 2 more". Not yet safe for any reader.
std::vector<std::string> override_lines(const findings::Report& report);

// Of a whole report.

/// "CRITICAL"; advice counts as OK.
std::string_view verdict_word(const findings::Report& report);

/// What is wrong, first the worst; what was looked at, if nothing is.
std::string headline(const findings::Report& report);

/// "tcpadvisor on db1, Linux 6.1.0": what was judged, on one line.
std::string title_of(const findings::Report& report);

std::size_t count_rules(const findings::Report& report, std::optional<findings::State> state);

/// "id: reason", with what waits.
std::string rule_text(const findings::RuleOutcome& rule);

/// Rules that could not be judged for one reason.
struct Unjudged {
    std::string reason;
    std::vector<std::string> rules;
    std::vector<std::string> lacks; // the things that could not be seen for it
};

/// All of them, each reason once.
std::vector<Unjudged> unjudged(const findings::Report& report);

/// "8 rules could not be judged: the text of ss does not tell the port range".
std::string unjudged_line(const Unjudged& group);

/// The same with the names of the rules.
std::string unjudged_text(const Unjudged& group);

/// A finding, and the one of the same rule before it that has explained the rule already, or null.
struct Shown {
    const findings::Finding* finding = nullptr;
    const findings::Finding* explained = nullptr;
};

/// The findings in their order, without those that another one explains.
std::vector<Shown> shown_findings(const findings::Report& report);

// Of the picture of the host.

/// Those with findings; all of them if none has any, or if there is only one.
std::vector<const facts::NetnsPicture*> namespaces_with_findings(const facts::Picture& picture,
                                                                 const findings::Report& report);

/// Owner and process, which is not said twice.
std::string owner_text(const facts::WaitingOwner& owner);

/// "0-5 s"; the last one is "60-62 s", the slack of the timers.
std::string age_bin_name(std::size_t bin);

/// "5 min": a step of facts::waiting_steps_s.
std::string step_name(std::uint32_t seconds);

/// All bins together.
std::uint32_t time_wait_count(const facts::NetnsPicture& picture);

/// "72 %"; "unknown" without a limit.
std::string queue_share(const facts::ListenerQueue& queue);

/// "empty at 12 listeners".
std::string empty_queues_text(const facts::NetnsPicture& picture);

/// What everybody should know beside the verdict, then what only some ask for; one line each.
std::vector<std::string> notices_and_remarks(const findings::Report& report);

} // namespace render
