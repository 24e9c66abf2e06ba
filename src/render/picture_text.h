// The picture of the host for people, below the findings.
#pragma once

#include "facts/picture.h"
#include "findings/report.h"
#include "render/render.h"

#include <ostream>

namespace render {

/// Of several namespaces only the ones with findings, unless all are asked for.
void picture_text(std::ostream& out, const Style& style, const facts::Picture& picture,
                  const findings::Report& report);

} // namespace render
