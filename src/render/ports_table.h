// Destinations as a table for people, with a gauge of port use where the terminal has room for it.
#pragma once

#include "facts/ports.h"
#include "render/render.h"

#include <ostream>
#include <string>
#include <vector>

namespace render {

/// In their order, and what the marks in it mean. At least one destination.
void ports_table(std::ostream& out, const Style& style, const std::vector<facts::Destination>& rows);

/// The source address; "unknown" in a replay.
std::string local_of(const facts::Destination& destination);

/// "42 s" until no port is free, "none" if that is so now, "-" if it is not in sight.
std::string time_left(const facts::Destination& destination);

} // namespace render
