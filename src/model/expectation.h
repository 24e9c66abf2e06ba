// The load that is to come, as the options of audit give it. Plain data.
#pragma once

#include <optional>

namespace model {

struct Expectation {
    std::optional<double> rate;         // new connections a second, all together
    std::optional<double> destinations; // that they are spread over evenly; none: they come in
    std::optional<double> hold;         // seconds that each stays open
};

} // namespace model
