// Small wordings that several renderers share: one line out of foreign text, clipping, counts, durations and
// times. Knows no format.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace render {

/// `text` with every run of spaces and line ends as one space, none at the ends. Not yet safe for any reader.
std::string one_line(std::string_view text);

/// The texts between blank lines; one line each, not yet safe for any reader.
std::vector<std::string> paragraphs_of(std::string_view text);

/// One line that no terminal can misread: control characters, escapes and invalid UTF-8 become '?'.
std::string safe_line(std::string_view text);

/// Valid UTF-8 `text` cut to `columns` characters and `bytes` bytes, with "..." in place of what was cut.
std::string clip(std::string_view text, std::size_t columns, std::size_t bytes = std::string_view::npos);

/// "1 rule", "3 rules".
std::string count_of(std::size_t count, std::string_view one, std::string_view many);

/// A number with its unit: "94 %", "3", "12 ports"; "unknown" if there is none.
std::string quantity(std::optional<double> value, std::string_view unit);

/// Seconds for people: "42 s", "3 min 5 s", "2 h 10 min", "3 d 4 h".
std::string duration(double seconds);

/// "2026-03-01T02:03:04Z"; none for a time that is not one (before 1970 or after 9999).
std::optional<std::string> rfc3339(double seconds_since_epoch);

// Sums over the states of several namespaces. A sum with an unknown part is unknown.

/// None if either part is.
std::optional<std::uint64_t> sum(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b);

/// The counts of a namespace; all of them unknown if its socket table could not be read.
std::vector<facts::StateCount> known_states(const facts::NamespaceStates& space);

/// Every state over all namespaces, in the order of the first.
std::vector<facts::StateCount> sum_states(const std::vector<facts::NamespaceStates>& spaces);

/// The per-namespace figures added up; those that are the whole host's taken once.
facts::Sockstat sum_sockstat(const std::vector<facts::NamespaceStates>& spaces);

/// The gaps of a namespace, with one for each count that is missing and that none of them names.
std::vector<base::Gap> gaps_of(const facts::NamespaceStates& space);

// What renderers for people say of one finding, in words that each of them sets in its own way. Not yet safe
// for any reader.

/// The value with its meaning: thresholds, since when, and where if there are several namespaces.
std::string measure(const findings::Finding& finding, const findings::Report& report);

/// "free: 47 ports (inferred)".
std::string evidence_text(const findings::Evidence& evidence);

/// Nothing of the evidence is known.
bool is_unknown(const findings::Evidence& evidence);

bool same_remedies(const findings::Finding& a, const findings::Finding& b);

/// Units, containers and processes behind the finding, as far as the picture knows them; else empty.
std::string who_text(const findings::Finding& finding, const facts::Picture* picture);

/// What to run next, in this order; each looks where the report did.
std::vector<std::string> next_commands(const findings::Finding& finding, const findings::Report& report);

/// Manual pages, and topics of explain as commands.
std::vector<std::string> places_to_see(const findings::Finding& finding);

/// ", since 2026-03-01T02:03:04Z"; empty if that is now, or not known.
std::string since_text(const findings::Finding& finding, double now);

/// ", 2 alert since 2026-03-01T02:03:04Z, spoken of after 2 min"; empty if none waits.
std::string waiting_text(const findings::RuleOutcome& rule);

// What renderers for people say of a whole report, in words that each of them sets in its own way. Not yet
// safe for any reader.

/// "CRITICAL"; advice counts as OK.
std::string_view verdict_word(const findings::Report& report);

/// What is wrong, first the worst; what was looked at, if nothing is.
std::string headline(const findings::Report& report);

std::size_t count_rules(const findings::Report& report, std::optional<findings::State> state);

/// "id: reason", with what waits.
std::string rule_text(const findings::RuleOutcome& rule);

/// A finding, and the one of the same rule before it that has explained the rule already, or null.
struct Shown {
    const findings::Finding* finding = nullptr;
    const findings::Finding* explained = nullptr;
};

struct ShownFindings {
    std::vector<Shown> shown;
    std::vector<std::pair<std::string_view, std::size_t>> left_out; // rule, findings
};

/// The findings in their order, at most so many of one rule.
ShownFindings shown_findings(const findings::Report& report, std::size_t most_of_a_rule);

// What the pictures for people and the page have in common: which namespaces are shown, and how bins and
// steps are called. Not yet safe for any reader.

/// Those with findings; all of them if none has any, or if there is only one.
std::vector<const facts::NamespacePicture*> namespaces_with_findings(const facts::Picture& picture,
                                                                     const findings::Report& report);

/// "0-5 s"; the last one is "60-62 s", the slack of the timers.
std::string age_bin_name(std::size_t bin);

/// "5 min": a step of facts::waiting_steps_s.
std::string step_name(std::uint32_t seconds);

/// All bins together.
std::uint32_t time_wait_count(const facts::NamespacePicture& picture);

/// "72 %"; "unknown" without a limit.
std::string queue_share(const facts::ListenerQueue& queue);

/// "all 12 accept queues are empty".
std::string empty_queues_text(const facts::NamespacePicture& picture);

} // namespace render
