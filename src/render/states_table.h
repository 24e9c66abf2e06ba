// Connections by state as a table for people, with bars.
#pragma once

#include "facts/states.h"
#include "render/render.h"

#include <ostream>
#include <vector>

namespace render {

/// Every state in its order, and their total; a state that was not counted shows "-".
void states_table(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states);

} // namespace render
