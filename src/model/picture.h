// The picture of the host for a report. Counts and sorts what the snapshot and the other answers have; judges
// nothing.
#pragma once

#include "facts/picture.h"
#include "model/derive.h"

namespace model {

/// Every namespace of the host, in its order.
facts::Picture picture_of(const snapshot::Host& host, const Assumptions& assumed);

} // namespace model
