// The answers of `tcpadvisor ports`: the destinations that were asked about, with who holds their ports.
// Knows nothing of options.
#pragma once

#include "facts/ports.h"
#include "snapshot/host.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace model {

/// Which destinations `tcpadvisor ports` was asked about.
struct PortsQuery {
    std::optional<snapshot::EndPoint> to;
    std::optional<snapshot::Address> from;
    std::optional<std::uint32_t> device; // interface number; none: sockets without one
    enum class Order { used, connections, rate, left };
    Order order = Order::used;
    std::size_t top = 20;
    bool holders = false; // of every destination whose remote end was looked at; with `to`, always
};

/// With `to`, exactly one destination, also when nothing is connected to it.
facts::NamespacePorts ports_answer(const snapshot::Namespace& space, const snapshot::Sysctls& sysctls,
                                   const PortsQuery& query);

} // namespace model
