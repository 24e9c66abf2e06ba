// One finding for people: what, how much, why, and what to do about it.
#pragma once

#include "findings/report.h"
#include "render/render.h"

#include <ostream>
#include <string>

namespace render {

/// `explained` is a finding of the same rule further up, or null: what it said already is not said again. The
/// finding's namespace is named if there are several.
void finding_text(std::ostream& out, const Style& style, const findings::Finding& finding,
                  const findings::Finding* explained, const findings::Report& report);

/// ", since 2026-03-01T02:03:04Z"; empty if that is now, or not known.
std::string since_text(const findings::Finding& finding, double now);

/// ", 2 alert since 2026-03-01T02:03:04Z reported after 2 min"; empty if none waits.
std::string waiting_text(const findings::RuleOutcome& rule);

} // namespace render
