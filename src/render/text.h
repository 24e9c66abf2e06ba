// One finding as people read it, for the report and for the formats that quote it. Knows no terminal but by
// its style.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"
#include "render/formats.h"
#include "render/report_words.h"

#include <ostream>

namespace render {

/// What, how much, who, why, and what to do about it. What an earlier finding of the same rule said already
/// is not said again. The finding's namespace is named if there are several; without a picture nobody is
/// named.
void finding_text(std::ostream& out, const Style& style, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture);

} // namespace render
