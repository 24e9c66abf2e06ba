// One finding for people: what, how much, why, and what to do about it.
#pragma once

#include "findings/finding.h"
#include "render/render.h"

#include <cstddef>
#include <ostream>

namespace render {

/// `explained` is a finding of the same rule further up, or null: what it said already is not said again. The
/// finding's namespace is named if there are several.
void finding_text(std::ostream& out, const Style& style, const findings::Finding& finding,
                  const findings::Finding* explained, std::size_t namespaces);

} // namespace render
