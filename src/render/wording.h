// Small wordings that several renderers share: one line out of foreign text, clipping, counts, durations and
// times. Knows no format.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
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

} // namespace render
