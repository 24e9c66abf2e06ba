// The port arithmetic of one destination as an equation that a reader can check.
#pragma once

#include "facts/ports.h"
#include "render/render.h"

#include <ostream>
#include <string>

namespace render {

/// Address and port, IPv6 in brackets, safe for a terminal.
std::string remote_of(const facts::Destination& destination);

/// Range, reserved, blocked, in use, free; then states, reuse, rates and what they lead to.
void port_equation(std::ostream& out, const Style& style, const facts::NamespacePorts& space,
                   const facts::Destination& destination);

} // namespace render
