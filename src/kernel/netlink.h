// A socket to the kernel whose waits end with the deadline of the run.
#pragma once

#include "kernel/live.h"

#include <memory>

#include <libmnl/libmnl.h>

namespace kernel {

using NetlinkSocket = std::unique_ptr<mnl_socket, int (*)(mnl_socket*)>;

/// Of a netlink family, bound; null with errno set if that is refused. A fresh one for each question holds
/// nothing of an earlier answer that was given up.
NetlinkSocket open_netlink(int family, Deadline deadline);

} // namespace kernel
