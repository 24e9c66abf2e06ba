#include "render/perfdata.h"

#include "base/number.h"

#include <cmath>
#include <optional>

namespace render {
namespace {

constexpr int decimals = 3;

std::string limit(std::optional<double> value) {
    return value && std::isfinite(*value) ? base::to_text(*value, decimals) : std::string();
}

} // namespace

std::string_view shortest_range(std::string_view range) {
    for (const std::string_view zero : {"0:", ":"}) {
        if (range.size() > zero.size() && range.starts_with(zero)) {
            return range.substr(zero.size());
        }
    }
    return range;
}

std::string to_perfdata(const findings::Perfdatum& datum) {
    const bool known = datum.value && std::isfinite(*datum.value);
    std::string text = datum.label + '=';
    text += known ? base::to_text(*datum.value, decimals) + datum.unit : "U";
    text += ';';
    text += shortest_range(datum.warning);
    text += ';';
    text += shortest_range(datum.critical);
    text += ';' + limit(datum.low) + ';' + limit(datum.high);
    text.erase(text.find_last_not_of(';') + 1);
    return text;
}

std::string to_perfdata(const std::vector<findings::Perfdatum>& data) {
    std::string text;
    for (const findings::Perfdatum& datum : data) {
        if (!text.empty()) {
            text += ' ';
        }
        text += to_perfdata(datum);
    }
    return text;
}

} // namespace render
