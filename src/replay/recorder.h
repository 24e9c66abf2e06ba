// The two ends of a capture as machines: the recorder writes down what passes through another machine, the
// replayer answers from what was written and never touches the host. Both hand sock_diag on byte for byte, so
// that a replay takes the same path through the code as a live run.
#pragma once

#include "kernel/sock_diag.h"
#include "replay/capture.h"

#include <vector>

namespace replay {

/// The same targets; what passes through them is written to `capture`, which must outlive them.
std::vector<kernel::Target> recording(std::vector<kernel::SockDiagTarget> targets, Capture& capture);

/// Places that answer from the capture, which must outlive them. What it does not hold is `not_collected`.
std::vector<kernel::Target> replaying(const Capture& capture);

} // namespace replay
