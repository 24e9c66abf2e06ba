// Nagios threshold ranges: [@]start:end. A value outside the range alerts, with '@' a value inside; the end
// points belong to the range. Knows nothing of rules.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace rules {

enum class Alert { outside, inside };

struct Range {
    double low = 0;
    double high = std::numeric_limits<double>::infinity();
    Alert alert = Alert::outside;
    std::string text; // as it was written

    bool alerts(double value) const;
    /// No value at all alerts ("~:").
    bool never_alerts() const;
    /// The range in plain numbers for programs, however it was written: no percent sign, exponent or plus.
    std::string canonical() const;
    /// The range of a state that stays until the value is back by `hysteresis`. A start of 0 is no limit that
    /// values come back from.
    Range sticky(double hysteresis) const;
    /// How far `value` lies from the nearest value that does not alert; 0 if it does not alert.
    double excess(double value) const;
};

struct RangeError {
    std::string message;
    std::string advice;
};

/// Strict: numbers are [+-]digits[.digits] with an exponent or without; at least one number or '~', start at
/// most end, nothing else; one '%' behind a number if `unit` is
/// "%".
base::Result<Range, RangeError> parse_range(std::string_view text, std::string_view unit);

/// Every value for which `inner` alerts makes `outer` alert as well.
bool alerts_within(const Range& inner, const Range& outer);

/// A warning range that is there for nothing: `critical` alerts wherever it would.
bool never_fires(const std::optional<Range>& warning, const std::optional<Range>& critical);

} // namespace rules
