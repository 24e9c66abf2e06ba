// Short ways to write a socket in a test.
#pragma once

#include "snapshot/socket.h"

namespace tests {

inline snapshot::Socket socket(snapshot::TcpState state, const char* local, std::uint16_t local_port,
                               const char* remote, std::uint16_t remote_port) {
    snapshot::Socket made;
    made.state = state;
    made.local = *snapshot::Address::parse(local);
    made.local_port = local_port;
    made.remote = *snapshot::Address::parse(remote);
    made.remote_port = remote_port;
    made.family = made.local.is_v4() ? snapshot::Family::ipv4 : snapshot::Family::ipv6;
    made.inode = 1;
    return made;
}

inline snapshot::Socket listener(const char* local, std::uint16_t port) {
    return socket(snapshot::TcpState::listen, local, port, "0.0.0.0", 0);
}

/// `age_ms` as sock_diag tells it: 60000 less what is left.
inline snapshot::Socket time_wait(const char* local, std::uint16_t local_port, const char* remote,
                                  std::uint16_t remote_port, std::uint32_t age_ms) {
    snapshot::Socket made = socket(snapshot::TcpState::time_wait, local, local_port, remote, remote_port);
    made.timer = snapshot::Timer::time_wait;
    made.expires_ms = age_ms < 60'000 ? 60'000 - age_ms : 0;
    made.inode = 0;
    return made;
}

} // namespace tests
