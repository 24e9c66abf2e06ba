#include "render/exposition.h"

#include "base/number.h"
#include "render/wording.h"

#include <cmath>

#include <fmt/format.h>

namespace render {
namespace {

constexpr int decimals = 6;

std::string escaped_value(std::string_view text) {
    std::string safe;
    for (const char c : safe_line(text)) {
        safe += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    return safe;
}

std::string labels_text(const Labels& labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        if (!value.empty()) {
            text += fmt::format(R"({}{}="{}")", text.empty() ? "" : ",", name, escaped_value(value));
        }
    }
    return text.empty() ? text : '{' + text + '}';
}

std::string number_text(double value) {
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    return base::to_text(value, decimals);
}

} // namespace

Metric::Metric(std::string_view name, MetricType type, std::string_view help)
    : name_(name), type_(type), help_(help) {}

void Metric::add(const Labels& labels, std::optional<double> value) {
    if (!value || std::isnan(*value)) {
        return;
    }
    const std::string series = labels_text(labels);
    if (series_.insert(series).second) {
        lines_.push_back(fmt::format("{}{} {}", name_, series, number_text(*value)));
    }
}

void Metric::write(std::ostream& out) const {
    if (lines_.empty()) {
        return;
    }
    out << fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_,
                       type_ == MetricType::counter ? "counter" : "gauge");
    for (const std::string& line : lines_) {
        out << line << '\n';
    }
}

} // namespace render
