#include "model/wants.h"

#include "model/destinations.h"

#include <algorithm>

namespace model {
namespace {

// Below the lowest threshold of the shipped rules (50 %), so that a rule never judges a coarse estimate.
constexpr double worth_knowing_percent = 40;
constexpr double worth_knowing_blocked_percent = 5;

bool listens_in_range(const snapshot::Census& census, const PortSpace& space) {
    return std::any_of(census.listeners().begin(), census.listeners().end(), [&](const snapshot::Listener& listener) {
        return space.eligible.test(listener.port);
    });
}

/// The least number of ports that some busy destination, or some source's pool, has left.
std::uint32_t least_free(const PortModel& ports) {
    std::uint32_t least = ports.space->usable;
    for (std::size_t place = 0; place < ports.book->busy_count(); ++place) {
        const facts::Destination d = ports.destination(place);
        if (d.connections > 0) {
            least = std::min(least, d.free);
        }
    }
    for (const SourceTally& source : ports.book->sources()) {
        const auto held = static_cast<std::uint32_t>((source.ports & ports.space->eligible).count());
        least = std::min(least, ports.space->usable - held);
    }
    return least;
}

/// sysctl.d is for the initial namespace; only that one has the sysctls of the host.
bool is_initial(const snapshot::Namespace& space) {
    const auto orphans = space.sysctls.text("net.ipv4.tcp_max_orphans");
    return orphans || orphans.error().why != base::Why::absent;
}

snapshot::Request request_for(const snapshot::Namespace& space, const Assumptions& assumed, const Needs& needs) {
    snapshot::Request request;
    request.boot_sysctls = needs.boot_sysctls && is_initial(space);
    if (space.source != snapshot::SocketSource::sock_diag || space.lost_sockets) {
        return request; // /proc cannot tell
    }
    request.explicit_binds = needs.exact_ports;
    request.bound_sockets = needs.exact_ports || needs.bound_count;
    const auto outside = sockets_outside_tables(space.counters);
    const double hidden = outside ? static_cast<double>(*outside) : 65536;
    if (!needs.ports && !needs.fixed_listeners) {
        return request;
    }
    const PortModel ports(space, space.sysctls.assuming(assumed));
    if (!ports.book) {
        return request;
    }
    request.explicit_binds |= needs.fixed_listeners && listens_in_range(space.sockets, *ports.space);
    if (needs.ports) {
        const double usable = ports.space->usable;
        const double free = least_free(ports);
        const bool close = usable == 0 || 100 * (1 - free / usable) >= worth_knowing_percent;
        request.explicit_binds |= close;
        request.bound_sockets |= hidden * 100 >= worth_knowing_blocked_percent * usable || (close && hidden * 4 >= free);
    }
    return request;
}

} // namespace

std::optional<snapshot::Request> wants(const snapshot::Host& host, const Assumptions& assumed, const Needs& needs) {
    for (std::size_t place = 0; place < host.namespaces.size(); ++place) {
        const snapshot::Census& sockets = host.namespaces[place].sockets;
        snapshot::Request request = request_for(host.namespaces[place], assumed, needs);
        request.place = place;
        request.explicit_binds = request.explicit_binds && sockets.explicit_ports() == nullptr;
        request.bound_sockets = request.bound_sockets && sockets.bound_ports() == nullptr;
        request.boot_sysctls = request.boot_sysctls && !host.namespaces[place].boot_sysctls;
        if (request.explicit_binds || request.bound_sockets || request.boot_sysctls) {
            return request;
        }
    }
    return std::nullopt;
}

} // namespace model
