#include "base/number.h"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace base {
namespace {

template <typename T>
std::optional<T> parse_whole(std::string_view text) {
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
        if (!text.empty() && text.front() == '-') {
            return std::nullopt;
        }
    }
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

} // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    return parse_whole<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    return parse_whole<std::uint64_t>(text);
}

std::optional<double> parse_decimal(std::string_view text) {
    for (const char c : text) {
        const bool allowed =
            (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
        if (!allowed) {
            return std::nullopt; // from_chars would take "inf" and "nan"
        }
    }
    const auto value = parse_whole<double>(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    return parse_whole<std::uint16_t>(text);
}

std::optional<double> parse_duration(std::string_view text) {
    constexpr std::string_view units = "smhd";
    constexpr std::array<double, 4> seconds = {1, 60, 3600, 86400};
    const std::size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
    if (unit == std::string_view::npos) {
        return std::nullopt;
    }
    const auto number = parse_decimal(text.substr(0, text.size() - 1));
    return number && *number >= 0 ? std::optional(*number * seconds[unit]) : std::nullopt;
}

std::string to_text(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') {
            text.pop_back();
        }
    }
    return text == "-0" ? "0" : text;
}

} // namespace base
