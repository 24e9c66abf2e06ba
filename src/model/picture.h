// The answer of `tcpadvisor states`: the census by netstat's names.
#pragma once

#include "facts/answers.h"
#include "model/derive.h"
#include "snapshot/host.h"

namespace model {

facts::NetnsStates states_answer(const snapshot::Netns& netns);

// The numbers of one look of `tcpadvisor watch`.

/// `before`: the look before this one, of the same namespaces; null for the first. The `top` busiest
/// destinations.
facts::Look look(const snapshot::Host& host, const snapshot::Host* before, const Assumptions& assumed,
                 std::size_t top);

// The picture of the host for a report. Counts and sorts what the snapshot and the other answers have; judges
// nothing.

/// Every namespace of the host, in its order.
facts::Picture picture_of(const snapshot::Host& host, const Assumptions& assumed);

} // namespace model
