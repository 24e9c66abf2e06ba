// Sockets as sock_diag would have told them, through a capture and back. Knows no harness.
#pragma once

#include "snapshot/socket.h"

#include <cstddef>
#include <vector>

namespace fuzz {

/// The message that tells this socket and nothing else.
std::vector<std::byte> message_of(const snapshot::Socket& socket);

/// Do both say the same in every field?
bool same(const snapshot::Socket& a, const snapshot::Socket& b);

/// The sockets of the capture, written to bytes and read again, that holds these.
std::vector<snapshot::Socket> through_capture(const std::vector<snapshot::Socket>& sockets);

} // namespace fuzz
