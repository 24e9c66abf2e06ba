// What renderers for people say of one finding, in words that each of them sets in its own way. Not yet safe
// for any reader.
#pragma once

#include "facts/picture.h"
#include "findings/report.h"

#include <string>
#include <vector>

namespace render {

/// The value with its meaning: thresholds, since when, and where if there are several namespaces.
std::string measure(const findings::Finding& finding, const findings::Report& report);

/// "free: 47 ports (inferred)".
std::string evidence_text(const findings::Evidence& evidence);

/// Nothing of the evidence is known.
bool is_unknown(const findings::Evidence& evidence);

bool same_remedies(const findings::Finding& a, const findings::Finding& b);

/// Units, containers and processes behind the finding, as far as the picture knows them; else empty.
std::string who_text(const findings::Finding& finding, const facts::Picture* picture);

/// What to run next, in this order; each looks where the report did.
std::vector<std::string> next_commands(const findings::Finding& finding, const findings::Report& report);

/// Manual pages, and topics of explain as commands.
std::vector<std::string> places_to_see(const findings::Finding& finding);

/// ", since 2026-03-01T02:03:04Z"; empty if that is now, or not known.
std::string since_text(const findings::Finding& finding, double now);

/// ", 2 alert since 2026-03-01T02:03:04Z, spoken of after 2 min"; empty if none waits.
std::string waiting_text(const findings::RuleOutcome& rule);

} // namespace render
