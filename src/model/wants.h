// Which further collection could change an answer: collection costs another walk of the kernel's socket
// table, so it is asked for only when it matters.
#pragma once

#include "model/derive.h"
#include "snapshot/host.h"

#include <optional>

namespace model {

/// What the caller is going to ask of the facts.
struct ModelNeeds {
    bool ports = false;           // the port arithmetic of destinations and sources, or what is blocked
    bool fixed_listeners = false; // listener.fixed
    bool exact_ports = false;     // the best interval, whatever it costs: `tcpadvisor ports`
    std::optional<snapshot::EndPoint> towards; // who holds the ports to this remote end
    bool holders = false;                      // who holds the ports to the destinations that are busy
    bool effects = false;                      // what TIME_WAIT reuse would change, where it is off now
    std::optional<std::uint16_t> local_port;   // whose sockets are on it
    bool boot_sysctls = false;                 // sysctl.boot
    bool bound_count = false;                  // `tcpadvisor states`
    bool owners = false;                       // close_wait: its rows are owners
};

/// Is it the network namespace that a boot sets up by sysctl.d? Only that one has the sysctls of the host.
bool is_initial(const snapshot::Netns& netns);

/// The next request for the network namespace with this index, or none. Never asks twice for what a census
/// already has.
std::optional<snapshot::Request> wants(const snapshot::Host& host, std::size_t place,
                                       const Assumptions& assumed, const ModelNeeds& needs);

/// That of the first namespace that has one.
std::optional<snapshot::Request> wants(const snapshot::Host& host, const Assumptions& assumed,
                                       const ModelNeeds& needs);

} // namespace model
