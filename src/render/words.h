// Small wordings that all renderers share: foreign text made safe, clipping, counts, durations, times, end
// points, and sums over the states of several namespaces. Knows no finding and no format.
#pragma once

#include "base/gap.h"
#include "facts/answers.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace render {

/// The texts between blank lines; one line each, not yet safe for any reader.
std::vector<std::string> paragraphs_of(std::string_view text);

/// One line that no terminal can misread: control characters, escapes and invalid UTF-8 become '?'.
std::string safe_line(std::string_view text);

/// The lines of diagnostics, which may have several each; safe for a terminal.
std::vector<std::string> diagnostic_lines(const std::vector<std::string>& diagnostics);

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

/// "db1, Linux 6.1.0, 2026-03-01T02:03:04Z": what is known of it; else empty.
std::string origin_text(const std::string& host, const std::string& kernel, double time);

/// The source address; "unknown" in a replay. Safe for a terminal.
std::string local_of(const facts::Destination& destination);

/// Address and port, IPv6 in brackets, safe for a terminal.
std::string remote_of(const facts::Destination& destination);

// Sums over the states of several namespaces. A sum with an unknown part is unknown.

/// None if either part is.
std::optional<std::uint64_t> sum(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b);

/// Of both families; none if a count is missing, or the state.
std::optional<std::uint64_t> count_of_state(const std::vector<facts::StateCount>& states,
                                            std::string_view name);

/// What was counted of both families, where there may be more.
std::uint64_t at_least(const facts::StateCount& state);

/// Is a part of the table there, so that there are at least so many? One that was denied has no counts.
bool is_lower_bound(const facts::NetnsStates& netns);

/// What the counts of a namespace are whose socket table is unknown or not whole, and why.
std::string extent_of(const facts::NetnsStates& netns);

/// The counts of a namespace; all of them unknown if its socket table could not be read.
std::vector<facts::StateCount> known_states(const facts::NetnsStates& netns);

/// Every state over all namespaces, in the order of the first.
std::vector<facts::StateCount> sum_states(const std::vector<facts::NetnsStates>& namespaces);

/// The per-namespace figures added up; those that are the whole host's taken once.
facts::Sockstat sum_sockstat(const std::vector<facts::NetnsStates>& namespaces);

/// The command that sets net.ipv4.ip_local_reserved_ports in the namespace of the answer.
std::string reserving(const facts::PortAnswer& answer, std::string_view ports);

/// The gaps of a namespace, with one for each count that is missing and that none of them names.
std::vector<base::Gap> gaps_of(const facts::NetnsStates& netns);

} // namespace render
