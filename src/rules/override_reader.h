// One [[override]] of the settings file: TOML to an Override, with every mistake reported at its place.
#pragma once

#include "rules/document.h"
#include "rules/rule.h"

#include <cstdint>
#include <functional>

namespace rules {

/// The rule with an id; null, and reported, if there is none.
using FindRule = std::function<Rule*(const Node& id)>;

/// Adds the override that `table` of file number `file` describes to its rule, unless it has a mistake. `now`
/// is in seconds since the epoch: one that has expired is a warning.
void read_override(const Node& table, const FindRule& find, std::uint16_t file, double now,
                   Reporter& reporter);

} // namespace rules
