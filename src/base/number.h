// Strict, locale-free reading and writing of numbers: the whole text must be a number, or there is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// A decimal integer with optional sign and nothing else; none if it does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// Like parse_integer, for counters that use all 64 bits.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// A finite decimal number ("-1.5", "+2", ".5", "1e3"); no hexadecimal, no infinity, no spaces.
std::optional<double> parse_decimal(std::string_view text);

/// A TCP port, 0..65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// A number with its unit, "90s", "2m", "1.5h" or "1d", in seconds.
std::optional<double> parse_duration(std::string_view text);

/// The shortest decimal text for people: integers without a point, else at most `decimals` places, no
/// trailing zeros.
std::string to_text(double value, int decimals = 1);

} // namespace base
