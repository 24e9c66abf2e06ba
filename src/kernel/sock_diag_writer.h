// Sockets as messages of sock_diag, for those that other sources told: the reverse of sock_diag.h.
#pragma once

#include "snapshot/socket.h"

#include <cstddef>
#include <vector>

namespace kernel {

/// Adds the message to the datagram, with the attributes for which the socket has something.
void append_message(std::vector<std::byte>& datagram, const snapshot::Socket& socket);

/// Adds the end of a dump.
void append_end(std::vector<std::byte>& datagram);

} // namespace kernel
