// A capture that can be given away: no address, no name that somebody chose. Ports, users' numbers, counts,
// sizes and times stay, and so do the classes by which the program judges.
#pragma once

#include "replay/capture.h"

namespace replay {

/// The same original always becomes the same mask within this capture; nothing leads back.
void mask(Capture& capture);

} // namespace replay
