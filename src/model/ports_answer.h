// The details of one destination that somebody asks about: which programs hold its ports, and what has
// blocked the others for everyone.
#pragma once

#include "facts/answers.h"
#include "model/tally.h"
#include "snapshot/host.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace model {

/// UDP sockets of the namespace; none if sockstat does not tell it.
std::optional<std::uint64_t> udp_sockets(const snapshot::Netns& netns);

/// "nginx.service, nginx (pid 812)", "curl (pid 4711)", "uid 1000": who holds a socket.
std::string holder_name(const std::optional<snapshot::Owners>& owners, std::uint32_t inode,
                        std::optional<std::uint32_t> uid, const std::optional<std::uint64_t>& cgroup);

/// By number of ports. TIME_WAIT has no owner: its ports are put down to whoever holds most of the live
/// sockets, as an inference. Empty if nobody looked at the remote end.
std::vector<facts::PortHolder> port_holders(const snapshot::Peer* peer, const snapshot::Flow& flow,
                                            const EphemeralPorts& ports, std::uint32_t time_wait_ports);

/// Each port once, for the first reason of the list; ports that the flow itself holds do not count. The sum
/// is facts::Destination::blocked.
facts::BlockedBy blocked_by(const snapshot::Census& census, const snapshot::Flow& flow,
                            const EphemeralPorts& ports, const Occupation& occupation);

/// "8080,9000-9010": as the kernel prints it.
std::string port_list(const snapshot::PortSet& ports);

// The answers of `tcpadvisor ports`: the destinations that were asked about, with who holds their ports.
// Knows nothing of options.

/// Which destinations `tcpadvisor ports` was asked about.
struct PortsQuery {
    std::optional<snapshot::EndPoint> to;
    std::optional<std::uint16_t> to_port; // instead of `to`: whatever the address
    std::optional<snapshot::Address> from;
    std::optional<snapshot::Address> routed; // that routing chooses towards `to`; with `from`, nobody asks
    std::optional<std::uint32_t> device;     // interface number; none: sockets without one
    enum class Order { used, connections, rate, left };
    Order order = Order::used;
    std::size_t top = 20;
    bool holders = false; // of every destination whose remote end was looked at; with `to`, always
};

/// With `to`, one destination for every source in use, the worst first, and one for the source that routing
/// chooses, also when nothing is connected from there; with `from` too, exactly one.
facts::NetnsPorts ports_answer(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                               const PortsQuery& query);

} // namespace model
