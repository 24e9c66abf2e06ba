// Answers of `tcpadvisor states` and `tcpadvisor ports` for the tests.
#pragma once

#include "render/formats.h"

#include <vector>

namespace test {

render::Origin origin();
facts::NamespaceStates busy_states();
facts::NamespaceStates unknown_states();
facts::Destination busy_destination();
facts::Destination idle_destination();
facts::NamespacePorts busy_ports();
facts::NamespacePorts unknown_ports();

} // namespace test
