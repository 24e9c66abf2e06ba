// What waits in the queues of connections, and at which end point most of it. Knows no limit and no process.
#pragma once

#include "snapshot/host.h"

#include <string>

namespace model {

/// "clients of 10.0.0.1:8080, 222 MiB to send and 0 KiB not read": the listener or remote end of all
/// namespaces that has most in the queues of its connections; "no connection that was looked at" where all
/// are empty.
std::string most_queued(const snapshot::Host& host);

} // namespace model
