// The sockets on one local port, one by one, for somebody who asks about that port. As the kernel told them;
// what follows is the model's question.
#pragma once

#include "snapshot/owners.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace snapshot {

struct SocketOnPort {
    Socket socket;
    std::optional<bool> explicitly; // bind() was called with this port; none: not known
};

struct LocalPort {
    std::uint16_t port = 0;
    std::vector<SocketOnPort> sockets; // up to a cap
    std::uint64_t more = 0;            // beyond it
    Owners owners;
};

} // namespace snapshot
