// Performance data as all consumers accept it: one space between items, plain numbers where a range allows it
// (Icinga drops any other), no locale.
#pragma once

#include "findings/report.h"

#include <string>
#include <string_view>
#include <vector>

namespace render {

/// `label=value[unit];[warn];[crit];[min];[max]` without empty fields at the end; the value is U if it is not
/// known.
std::string to_perfdata(const findings::Perfdatum& datum);

/// All items in their order.
std::string to_perfdata(const std::vector<findings::Perfdatum>& data);

/// A Nagios range in its shortest form: "0:80" and ":80" are "80".
std::string_view shortest_range(std::string_view range);

} // namespace render
