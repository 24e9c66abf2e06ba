// The numbers of one look of `tcpadvisor watch`.
#pragma once

#include "facts/look.h"
#include "model/derive.h"

namespace model {

/// `before`: the look before this one, of the same namespaces; null for the first. The `top` busiest
/// destinations.
facts::Look look(const snapshot::Host& host, const snapshot::Host* before, const Assumptions& assumed,
                 std::size_t top);

} // namespace model
