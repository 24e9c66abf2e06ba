// What holds the ports of one destination, in a few words for the first line of a finding.
#pragma once

#include "facts/ports.h"

#include <string>

namespace model {

/// "930 held by TIME_WAIT", "50 held by ESTABLISHED, 40 by CLOSE_WAIT", "900 blocked": the one or two that
/// take most ports, each at least a tenth of what is taken. Ports of TIME_WAIT that connect() may reuse count
/// as free.
std::string held_by(const facts::Destination& destination);

} // namespace model
