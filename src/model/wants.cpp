#include "model/wants.h"

#include "model/destinations.h"
#include "model/owners.h"

#include <algorithm>

namespace model {
namespace {

// Below the lowest threshold of the shipped rules (50 %), so that a rule never judges a coarse estimate.
constexpr double worth_knowing_percent = 40;
constexpr double worth_knowing_blocked_percent = 5;

bool listens_in_range(const snapshot::Census& census, const PortSpace& space) {
    return std::any_of(
        census.listeners().begin(), census.listeners().end(),
        [&](const snapshot::Listener& listener) { return space.eligible.test(listener.port); });
}

std::uint32_t most_connections(const snapshot::FlowTable& flows) {
    std::uint32_t most = 0;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        most = std::max(most, flows[flow].connections);
    }
    return most;
}

/// Sockets that no listener owns and that are not in TIME_WAIT: at most so many explicit binds can be told.
std::uint32_t full_sockets(const snapshot::Census& census) {
    const auto all_but_some = [](const snapshot::StateCounts& counts) {
        std::uint32_t sum = 0;
        for (std::size_t state = 0; state < counts.size(); ++state) {
            const bool counted = state != static_cast<std::size_t>(snapshot::State::time_wait) &&
                                 state != static_cast<std::size_t>(snapshot::State::listen) &&
                                 state != static_cast<std::size_t>(snapshot::State::bound);
            sum += counted ? counts[state] : 0;
        }
        return sum;
    };
    std::uint32_t sum = all_but_some(census.counts(snapshot::Family::ipv4)) +
                        all_but_some(census.counts(snapshot::Family::ipv6));
    for (const snapshot::Listener& listener : census.listeners()) {
        sum -= all_but_some(listener.connections);
    }
    for (const auto& [port, counts] : census.services()) {
        sum -= all_but_some(counts);
    }
    return sum;
}

/// sysctl.d is for the initial namespace; only that one has the sysctls of the host.
bool is_initial(const snapshot::Namespace& space) {
    const auto orphans = space.sysctls.text("net.ipv4.tcp_max_orphans");
    return orphans || orphans.error().why != base::Why::absent;
}

enum class Loopback { included, left_out };

/// Remote ends of the busiest flows that hold a good part of the range: their live sockets tell whether they
/// send timestamps, which matters off loopback, and who holds them.
std::vector<snapshot::EndPoint> busy_peers(const snapshot::FlowTable& flows, double usable,
                                           Loopback loopback_flows) {
    constexpr std::size_t most = 8; // one walk for all of them
    std::vector<const snapshot::Flow*> busy;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        const snapshot::Flow& one = flows[flow];
        const bool loopback = one.source.is_loopback() || one.remote.is_loopback();
        if ((!loopback || loopback_flows == Loopback::included) &&
            one.connections * 100.0 >= worth_knowing_percent * usable) {
            busy.push_back(&one);
        }
    }
    std::stable_sort(busy.begin(), busy.end(), [](const snapshot::Flow* a, const snapshot::Flow* b) {
        return a->connections > b->connections;
    });
    std::vector<snapshot::EndPoint> peers;
    for (const snapshot::Flow* flow : busy) {
        const snapshot::EndPoint remote{flow->remote, flow->remote_port};
        if (peers.size() < most && std::find(peers.begin(), peers.end(), remote) == peers.end()) {
            peers.push_back(remote);
        }
    }
    return peers;
}

bool timestamps_matter(const ReuseSettings& settings, const Needs& needs) {
    const bool reuse_on = settings.mode && *settings.mode == 1;
    return (reuse_on || needs.effects) && settings.timestamps && *settings.timestamps != 0;
}

snapshot::Request request_for(const snapshot::Namespace& space, const Assumptions& assumed,
                              const Needs& needs) {
    snapshot::Request request;
    request.boot_sysctls = needs.boot_sysctls && is_initial(space);
    if (space.source != snapshot::SocketSource::sock_diag || space.lost_sockets) {
        return request; // /proc cannot tell
    }
    request.explicit_binds = needs.exact_ports;
    request.early_binds = needs.exact_ports;
    if (needs.towards) {
        request.peers.push_back(*needs.towards);
        request.peer_owners = true;
    }
    request.bound_sockets = needs.exact_ports || needs.bound_count;
    const auto outside = sockets_outside_tables(space.counters);
    const double hidden = outside ? static_cast<double>(*outside) : 65536;
    if (!needs.ports && !needs.fixed_listeners && !needs.exact_ports) {
        return request;
    }
    const snapshot::Sysctls sysctls = space.sysctls.assuming(assumed);
    const auto ports = port_space(space, sysctls);
    if (!ports) {
        return request;
    }
    if (!needs.towards && (needs.holders || timestamps_matter(reuse_settings(sysctls), needs))) {
        request.peers = busy_peers(space.sockets.flows(), ports->usable,
                                   needs.holders ? Loopback::included : Loopback::left_out);
        request.peer_owners = needs.holders;
    }
    request.explicit_binds |= needs.fixed_listeners && listens_in_range(space.sockets, *ports);
    if (needs.ports) {
        const double usable = ports->usable;
        const double explicit_at_most = full_sockets(space.sockets);
        const double used_at_most =
            most_connections(space.sockets.flows()) + ports->blocked_count + explicit_at_most;
        const bool close = used_at_most * 100 >= worth_knowing_percent * usable;
        request.explicit_binds |= close && explicit_at_most > 0;
        request.bound_sockets |=
            hidden * 100 >= worth_knowing_blocked_percent * usable ||
            (close && hidden > 0 && hidden * 4 >= usable - std::min(usable, used_at_most));
    }
    return request;
}

} // namespace

std::optional<snapshot::Request> wants(const snapshot::Host& host, const Assumptions& assumed,
                                       const Needs& needs) {
    for (std::size_t place = 0; place < host.namespaces.size(); ++place) {
        const snapshot::Namespace& space = host.namespaces[place];
        const snapshot::Census& sockets = space.sockets;
        snapshot::Request request = request_for(space, assumed, needs);
        request.place = place;
        request.explicit_binds = request.explicit_binds && sockets.explicit_ports() == nullptr;
        request.bound_sockets = request.bound_sockets && sockets.bound_ports() == nullptr;
        request.early_binds = request.early_binds && sockets.early_ports() == nullptr;
        request.boot_sysctls = request.boot_sysctls && !space.boot_sysctls;
        std::erase_if(request.peers, [&](const auto& remote) { return space.find_peer(remote) != nullptr; });
        if (needs.owners && !space.owners && stuck_sockets(sockets) >= owners_worth_sockets) {
            request.owners_of_age_ms = owners_worth_age_ms;
        }
        if (request.explicit_binds || request.bound_sockets || request.early_binds ||
            !request.peers.empty() || request.boot_sysctls || request.owners_of_age_ms) {
            return request;
        }
    }
    return std::nullopt;
}

} // namespace model
