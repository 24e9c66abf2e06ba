#include "rules/range.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace rules {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::string_view range_forms =
    "a range is 10 (0 to 10), 10: (10 or more), ~:10 (10 or less), 10:20 or @10:20 (alert inside)";

RangeError error(std::string_view text, std::string_view problem) {
    return {fmt::format("'{}' is not a range: {}", base::printable(text), problem), std::string(range_forms)};
}

bool is_ascii_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes the digits at the front of `text`; false if there are none.
bool take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_ascii_digit);
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count > 0;
}

/// [+-]digits[.digits] with an exponent or without: what every reader of thresholds understands alike.
bool is_number(std::string_view text) {
    const auto take = [&](std::string_view any) {
        const bool there = !text.empty() && any.find(text.front()) != std::string_view::npos;
        text.remove_prefix(there ? 1 : 0);
        return there;
    };
    take("+-");
    if (!take_digits(text) || (take(".") && !take_digits(text))) {
        return false;
    }
    if (take("eE")) {
        take("+-");
        return take_digits(text) && text.empty();
    }
    return text.empty();
}

/// One end of a range; none if it is not a number.
std::optional<double> end_point(std::string_view text, std::string_view unit) {
    if (unit == "%" && text.ends_with('%')) {
        text.remove_suffix(1);
    }
    return is_number(text) ? base::parse_decimal(text) : std::nullopt;
}

std::string not_a_number(std::string_view text, std::string_view unit) {
    if (text.ends_with('%') && unit != "%" && base::parse_decimal(text.substr(0, text.size() - 1))) {
        return fmt::format("the value is not in percent but {}",
                           unit.empty() ? "has no unit" : fmt::format("in {}", unit));
    }
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return "hexadecimal numbers are not allowed";
    }
    if (text.find(',') != std::string_view::npos) {
        return fmt::format("'{}' is not a number, the decimal sign is a point", base::printable(text));
    }
    if (base::parse_decimal(text) && text.find('.') != std::string_view::npos) {
        return fmt::format("'{}' lacks a digit before or behind the point", base::printable(text));
    }
    return fmt::format("'{}' is not a number", base::printable(text));
}

/// The shortest decimal text that is exactly this number; no exponent.
std::string plain(double value) {
    std::array<char, 512> buffer{};
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
    return value == 0 ? "0" : std::string(buffer.data(), end);
}

/// The shell makes a home directory of an unquoted "~:10".
bool looks_expanded(std::string_view text) {
    return text.starts_with('/') || text.starts_with("@/");
}

} // namespace

bool Range::alerts(double value) const {
    const bool within = value >= low && value <= high;
    return within == (alert == Alert::inside);
}

bool Range::never_alerts() const {
    return alert == Alert::outside && low == -infinity && high == infinity;
}

std::string Range::canonical() const {
    const std::string_view sign = alert == Alert::inside ? "@" : "";
    std::string end = high == infinity ? std::string() : plain(high);
    if (low == -infinity) {
        return fmt::format("{}~:{}", sign, end);
    }
    if (low == 0 && alert == Alert::outside && !end.empty()) {
        return end;
    }
    return fmt::format("{}{}:{}", sign, plain(low), end);
}

Range Range::sticky(double hysteresis) const {
    Range range = *this;
    const double inward = alert == Alert::outside ? hysteresis : -hysteresis;
    if (low != 0) {
        range.low = low + inward;
    }
    range.high = high - inward;
    return range;
}

double Range::excess(double value) const {
    if (!alerts(value)) {
        return 0;
    }
    if (alert == Alert::outside) {
        return value < low ? low - value : value - high;
    }
    return std::min(value - low, high - value);
}

base::Result<Range, RangeError> parse_range(std::string_view text, std::string_view unit) {
    Range range;
    range.text = std::string(text);
    std::string_view rest = text;
    if (looks_expanded(text) && text.find(':') != std::string_view::npos) {
        return RangeError{
            fmt::format("'{}' is not a range: did the shell expand a tilde?", base::printable(text)),
            fmt::format("put it in quotes: '{}~{}'", text.starts_with('@') ? "@" : "",
                        base::printable(text.substr(text.find(':'))))};
    }
    if (rest.starts_with('@')) {
        range.alert = Alert::inside;
        rest.remove_prefix(1);
    }
    const std::size_t colon = rest.find(':');
    const bool has_colon = colon != std::string_view::npos;
    const std::string_view start = has_colon ? rest.substr(0, colon) : std::string_view();
    const std::string_view end = has_colon ? rest.substr(colon + 1) : rest;
    if (end.find(':') != std::string_view::npos) {
        return error(text, "it has a second colon");
    }
    if (end == "~") {
        return error(text, has_colon ? "'~' can only be the start; an open end is written as nothing"
                                     : "'~' needs a colon");
    }
    if (start.empty() && end.empty()) {
        return error(text, "it has no number");
    }
    if (start == "~") {
        range.low = -infinity;
    } else if (!start.empty()) {
        const auto number = end_point(start, unit);
        if (!number) {
            return error(text, not_a_number(start, unit));
        }
        range.low = *number;
    }
    if (!end.empty()) {
        const auto number = end_point(end, unit);
        if (!number) {
            return error(text, not_a_number(end, unit));
        }
        range.high = *number;
    }
    if (range.low > range.high) {
        const std::string low = start.empty() ? "0" : std::string(start);
        return RangeError{
            fmt::format("'{}' is not a range: start {} is greater than end {}", base::printable(text), low,
                        end),
            start.empty()
                ? fmt::format("without a start it is 0; write '~:{}' to alert above {}", end, end)
                : fmt::format("write '{}:{}', or '@{}:{}' to alert inside", end, start, end, start)};
    }
    return range;
}

namespace {

/// A connected set of values that alert.
struct Piece {
    double low;
    double high;
    bool open; // the end points that are finite do not belong to it
};

struct Pieces {
    Piece items[2];
    int count = 0;
};

Pieces alerting(const Range& range) {
    Pieces pieces{};
    if (range.alert == Alert::inside) {
        pieces.items[pieces.count++] = {range.low, range.high, false};
        return pieces;
    }
    if (range.low > -infinity) {
        pieces.items[pieces.count++] = {-infinity, range.low, true};
    }
    if (range.high < infinity) {
        pieces.items[pieces.count++] = {range.high, infinity, true};
    }
    return pieces;
}

bool contains(const Piece& outer, const Piece& inner) {
    const bool low = inner.low > outer.low ||
                     (inner.low == outer.low && (!outer.open || inner.open || std::isinf(inner.low)));
    const bool high = inner.high < outer.high ||
                      (inner.high == outer.high && (!outer.open || inner.open || std::isinf(inner.high)));
    return low && high;
}

} // namespace

bool alerts_within(const Range& inner, const Range& outer) {
    const Pieces small = alerting(inner);
    const Pieces large = alerting(outer);
    return std::all_of(small.items, small.items + small.count, [&](const Piece& piece) {
        return std::any_of(large.items, large.items + large.count,
                           [&](const Piece& other) { return contains(other, piece); });
    });
}

bool never_fires(const std::optional<Range>& warning, const std::optional<Range>& critical) {
    return warning && critical && !warning->never_alerts() && alerts_within(*warning, *critical);
}

} // namespace rules
