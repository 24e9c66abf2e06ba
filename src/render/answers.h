// Destinations as a table for people, with a gauge of port use where the terminal has room for it.
#pragma once

#include "facts/answers.h"
#include "render/formats.h"

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

// The port arithmetic of one destination as an equation that a reader can check.

/// Address and port, IPv6 in brackets, safe for a terminal.
std::string remote_of(const facts::Destination& destination);

/// Range, reserved, blocked, in use, free; then states, reuse, rates and what they lead to.
void port_equation(std::ostream& out, const Style& style, const facts::NamespacePorts& space,
                   const facts::Destination& destination);

// Connections by state as a table for people, with bars.

/// Every state in its order, and their total; a state that was not counted shows "-".
void states_table(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states);

} // namespace render
