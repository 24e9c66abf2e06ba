// Answers of `tcpadvisor states` and `tcpadvisor ports` for the tests.
#pragma once

#include "render/formats.h"

#include <vector>

namespace test {

render::Origin origin();
facts::NetnsStates busy_states();
facts::NetnsStates unknown_states();
facts::Destination busy_destination();
facts::Destination idle_destination();
facts::NetnsPorts busy_ports();
facts::NetnsPorts unknown_ports();

} // namespace test
