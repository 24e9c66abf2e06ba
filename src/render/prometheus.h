// The text format of Prometheus, version 0.0.4, as node exporter reads files of it: one block a metric, no
// time stamps, none of OpenMetrics' types. Knows no metric.
#pragma once

#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace render {

enum class MetricType { gauge, counter };

/// Names and values, in order of output. Foreign text is made printable here; an empty value leaves its label
/// out.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// One metric with its series. Of two samples with the same labels the first one stays, because a file with
/// both is ambiguous.
class Metric {
  public:
    Metric(std::string_view name, MetricType type, std::string_view help);

    /// No value, no line: missing is not zero. Infinity is a value.
    void add(const Labels& labels, std::optional<double> value);

    /// Nothing at all for a metric without samples.
    void write(std::ostream& out) const;

  private:
    std::string_view name_;
    MetricType type_;
    std::string_view help_;
    std::vector<std::string> lines_;
    std::set<std::string> series_;
};

} // namespace render
