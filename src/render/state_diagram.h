// The life of a TCP connection with this host's counts in it, for those who have not drawn it since
// university.
#pragma once

#include "facts/states.h"
#include "render/render.h"

#include <ostream>
#include <vector>

namespace render {

/// 72 columns wide; a state that was not counted shows "-".
void state_diagram(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states);

} // namespace render
