// What a report says of the overrides of the settings: one line each, for the formats that people read.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"
#include "render/formats.h"
#include "render/words.h"

#include <ostream>
#include <string>
#include <vector>

namespace render {

/// "[IGNORED] RULE: remote 10.0.0.0/8 ignored until 2027-01-31: batch hosts (tcpadvisor.toml:7), hides
/// CRITICAL of remote 10.1.2.3:443 and 2 more". Not yet safe for any reader.
std::vector<std::string> override_lines(const findings::Report& report);

// One finding for people: what, how much, who, why, and what to do about it.

/// What an earlier finding of the same rule said already is not said again. The finding's namespace is named
/// if there are several; without a picture nobody is named.
void finding_text(std::ostream& out, const Style& style, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture);

// The picture of the host for people, below the findings.

/// Of several namespaces only the ones with findings, unless all are asked for.
void picture_text(std::ostream& out, const Style& style, const facts::Picture& picture,
                  const findings::Report& report);

} // namespace render
