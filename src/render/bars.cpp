#include "render/bars.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace render {
namespace {

constexpr std::array<std::string_view, 9> eighths = {"",       "\u258f", "\u258e", "\u258d", "\u258c",
                                                     "\u258b", "\u258a", "\u2589", "\u2588"};

} // namespace

std::string bar(double part, double whole, std::size_t width, Ink ink) {
    const double share = part / whole;
    if (!(share > 0) || !(whole > 0)) {
        return {};
    }
    const std::size_t steps_in_a_column = ink == Ink::unicode ? eighths.size() - 1 : 1;
    const auto most = static_cast<double>(width * steps_in_a_column);
    const auto steps = static_cast<std::size_t>(std::max(1.0, std::round(std::min(share, 1.0) * most)));
    std::string text;
    for (std::size_t i = 0; i < steps / steps_in_a_column; ++i) {
        text += ink == Ink::unicode ? eighths.back() : "#";
    }
    return ink == Ink::unicode ? text + std::string(eighths[steps % steps_in_a_column]) : text;
}

std::string gauge(double part, double whole, std::size_t width, Ink ink) {
    const std::string filled = bar(part, whole, width, ink);
    return '[' + filled + std::string(width - std::min(width, base::display_width(filled)), ' ') + ']';
}

} // namespace render
