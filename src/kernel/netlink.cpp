#include "kernel/netlink.h"

#include <algorithm>
#include <sys/socket.h>
#include <sys/time.h>

namespace kernel {

NetlinkSocket open_netlink(int family, Deadline deadline) {
    NetlinkSocket socket(mnl_socket_open2(family, SOCK_CLOEXEC), mnl_socket_close);
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        return {nullptr, mnl_socket_close};
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto limit = std::clamp<std::int64_t>(left.count(), 1, 3'600'000);
    const timeval timeout{limit / 1000, limit % 1000 * 1000};
    ::setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return socket;
}

} // namespace kernel
