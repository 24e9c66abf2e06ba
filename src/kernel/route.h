// Asks the kernel for a route as connect() does, without sending anything.
#pragma once

#include "snapshot/route.h"

#include <optional>

namespace kernel {

/// In the network namespace of the calling thread; none if the question itself failed, for lack of
/// descriptors for instance.
std::optional<snapshot::Route> route_of(const snapshot::RouteQuery& query);

} // namespace kernel
