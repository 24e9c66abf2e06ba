#include "model/wants.h"

#include "model/destinations.h"
#include "model/owners.h"

#include <algorithm>

namespace model {
namespace {

// Below the lowest threshold of the shipped rules (50 %), so that a rule never judges a coarse estimate.
constexpr double worth_knowing_percent = 40;
constexpr double worth_knowing_blocked_percent = 5;

bool listens_in_range(const snapshot::Census& census, const EphemeralPorts& ports) {
    return std::any_of(
        census.listeners().begin(), census.listeners().end(),
        [&](const snapshot::Listener& listener) { return ports.eligible.test(listener.port); });
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
            const bool counted = state != static_cast<std::size_t>(snapshot::TcpState::time_wait) &&
                                 state != static_cast<std::size_t>(snapshot::TcpState::listen) &&
                                 state != static_cast<std::size_t>(snapshot::TcpState::bound);
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

constexpr std::size_t most_peers = 32; // one walk for all of them, by a question of some kilobytes

enum class Loopback { included, left_out };

/// Remote ends of the busiest flows with so many connections: their live sockets tell whether they send
/// timestamps, which matters off loopback, and who holds them.
std::vector<snapshot::EndPoint> busy_peers(const snapshot::FlowTable& flows, double connections,
                                           Loopback loopback_flows) {
    std::vector<const snapshot::Flow*> busy;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        const snapshot::Flow& one = flows[flow];
        if (one.connections < connections) {
            continue;
        }
        const bool loopback = one.source.is_loopback() || one.remote.is_loopback();
        if (!loopback || loopback_flows == Loopback::included) {
            busy.push_back(&one);
        }
    }
    std::stable_sort(busy.begin(), busy.end(), [](const snapshot::Flow* a, const snapshot::Flow* b) {
        return a->connections > b->connections;
    });
    std::vector<snapshot::EndPoint> peers;
    for (const snapshot::Flow* flow : busy) {
        const snapshot::EndPoint remote{flow->remote, flow->remote_port};
        if (peers.size() < most_peers && std::find(peers.begin(), peers.end(), remote) == peers.end()) {
            peers.push_back(remote);
        }
    }
    return peers;
}

/// Remote ends of which a rule speaks even with one connection: it has gone without an answer for 10 s.
std::vector<snapshot::EndPoint> silent_peers(const snapshot::Census& census) {
    std::vector<snapshot::EndPoint> peers;
    const std::size_t records = census.established_retrying() > 0 ? census.record_count() : 0;
    for (std::size_t i = 0; i < records && peers.size() < most_peers; ++i) {
        const snapshot::SocketRecord& record = census.record(i);
        if (record.state() != snapshot::TcpState::established || record.detail() < snapshot::retrying_long) {
            continue;
        }
        const snapshot::Flow& flow = census.flows()[record.flow];
        const snapshot::EndPoint remote{flow.remote, flow.remote_port};
        if (std::find(peers.begin(), peers.end(), remote) == peers.end()) {
            peers.push_back(remote);
        }
    }
    return peers;
}

/// From how many connections on it is worth a name who holds them: where many destinations together take the
/// ports of a source, none of them may have many.
double worth_naming(const snapshot::FlowTable& flows, const EphemeralPorts& ports) {
    constexpr std::uint32_t many = 20; // the rule about unanswered ones alerts from here on
    double all = 0;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        all += flows[flow].connections;
    }
    const bool many_share = most_connections(flows) < many &&
                            all * 100 >= worth_knowing_percent * static_cast<double>(ports.usable);
    return many_share ? 1 : many;
}

bool timestamps_matter(const ReuseSettings& settings, const ModelNeeds& needs) {
    const bool reuse_on = settings.mode && *settings.mode == 1;
    return (reuse_on || needs.effects) && settings.timestamps && *settings.timestamps != 0;
}

/// First the peers that every command asks about, in a walk of their own, so that a capture has that walk for
/// each of them; then those whose holders somebody wants to know.
void add_peers(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls, const EphemeralPorts& ports,
               const ModelNeeds& needs, snapshot::Request& request) {
    const auto unknown = [&](std::vector<snapshot::EndPoint> peers) {
        std::erase_if(peers, [&](const auto& remote) { return netns.find_peer(remote) != nullptr; });
        return peers;
    };
    const snapshot::FlowTable& flows = netns.sockets.flows();
    if (timestamps_matter(reuse_settings(sysctls), needs)) {
        request.peers = unknown(busy_peers(
            flows, worth_knowing_percent / 100 * static_cast<double>(ports.usable), Loopback::left_out));
    }
    if (needs.holders && request.peers.empty()) {
        std::vector<snapshot::EndPoint> peers = silent_peers(netns.sockets);
        for (const snapshot::EndPoint& remote :
             busy_peers(flows, worth_naming(flows, ports), Loopback::included)) {
            if (peers.size() < most_peers && std::find(peers.begin(), peers.end(), remote) == peers.end()) {
                peers.push_back(remote);
            }
        }
        request.peers = unknown(std::move(peers));
    }
    request.peer_owners = needs.holders;
}

bool somebody_waits(const snapshot::Census& census) {
    return std::any_of(census.listeners().begin(), census.listeners().end(),
                       [](const snapshot::Listener& listener) { return listener.accept_queue > 0; });
}

/// Ports of the longest accept queues, where so many wait that their age could matter. The rules want five.
std::vector<std::uint16_t> ports_of_queues(const snapshot::Census& census) {
    constexpr std::uint32_t worth_asking = 5;
    constexpr std::size_t most = 8; // one walk for all of them
    std::vector<const snapshot::Listener*> waiting;
    for (const snapshot::Listener& listener : census.listeners()) {
        if (listener.accept_queue >= worth_asking) {
            waiting.push_back(&listener);
        }
    }
    std::stable_sort(waiting.begin(), waiting.end(),
                     [](const auto* a, const auto* b) { return a->accept_queue > b->accept_queue; });
    std::vector<std::uint16_t> ports;
    for (const snapshot::Listener* listener : waiting) {
        if (ports.size() < most && std::find(ports.begin(), ports.end(), listener->port) == ports.end()) {
            ports.push_back(listener->port);
        }
    }
    std::sort(ports.begin(), ports.end());
    return ports;
}

/// A queue that is full, or in which somebody has waited for seconds.
bool somebody_is_stuck(const snapshot::Census& census) {
    constexpr std::uint32_t long_ms = 2000;
    return std::any_of(census.listeners().begin(), census.listeners().end(),
                       [](const snapshot::Listener& listener) {
                           return listener.waits.oldest_ms >= long_ms ||
                                  (listener.accept_queue > listener.backlog && listener.accept_queue >= 5);
                       });
}

/// So many open connections that advice about quiet ones could apply.
constexpr std::uint32_t idle_worth_asking = 100;
/// Is there a destination of which nobody knows whether it is well or not? The options of live sockets, and
/// the addresses that routing would choose, tell more about who chose the ports.
bool straddles(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls) {
    constexpr double worth_a_walk = 5; // points
    const PortModel ports(netns, sysctls);
    for (std::size_t place = 0; ports.book && place < ports.book->busy_count(); ++place) {
        const PortUse use = ports.use(place);
        if (use.worst().used_percent >= worth_knowing_percent &&
            use.worst().used_percent - use.estimate().used_percent >= worth_a_walk) {
            return true;
        }
    }
    return false;
}

snapshot::Request request_for(const snapshot::Netns& netns, const Assumptions& assumed,
                              const ModelNeeds& needs) {
    snapshot::Request request;
    request.boot_sysctls = needs.boot_sysctls && is_initial(netns);
    request.nat = needs.nat && needs.report && netns.counters.get("conntrack.count").value_or(0) > 0 &&
                  !netns.nat && netns.nat.error().why == base::Why::not_collected;
    request.queue_owners = (needs.holders && somebody_waits(netns.sockets)) ||
                           (needs.acceptors && somebody_is_stuck(netns.sockets));
    request.local_port = needs.local_port;
    if (netns.source != snapshot::SocketSource::sock_diag || netns.lost_sockets) {
        return request; // /proc cannot tell
    }
    if (needs.waits && netns.queue_ports.empty()) {
        request.queue_ports = ports_of_queues(netns.sockets);
    }
    request.idle = needs.idle && needs.report && netns.sockets.without_timer() >= idle_worth_asking &&
                   !netns.idle && netns.idle.error().why == base::Why::not_collected;
    request.queue_owners |= needs.holders && request.idle;
    request.explicit_binds = needs.exact_ports;
    request.early_binds = needs.exact_ports;
    request.routes = needs.exact_ports;
    if (needs.towards) {
        request.peers.push_back(*needs.towards);
        request.peer_owners = true;
    }
    request.bound_sockets = needs.exact_ports || needs.bound_count;
    const auto outside = snapshot::sockets_outside_tables(netns.counters);
    const double hidden = outside ? static_cast<double>(*outside) : 65536;
    if (!needs.ports && !needs.fixed_listeners && !needs.exact_ports) {
        return request;
    }
    const snapshot::Sysctls sysctls = netns.sysctls.assuming(assumed);
    const auto ports = ephemeral_ports(netns, sysctls);
    if (!ports) {
        return request;
    }
    if (!needs.towards) {
        add_peers(netns, sysctls, *ports, needs, request);
    }
    request.explicit_binds |= needs.fixed_listeners && listens_in_range(netns.sockets, *ports);
    if (needs.ports) {
        const double usable = ports->usable;
        const double explicit_at_most = full_sockets(netns.sockets);
        const double used_at_most =
            most_connections(netns.sockets.flows()) + ports->blocked_count + explicit_at_most;
        const bool close = used_at_most * 100 >= worth_knowing_percent * usable;
        request.explicit_binds |= close && explicit_at_most > 0;
        request.routes |= close;
        const bool is_cheap = netns.live.has_value();
        request.early_binds |=
            close && (is_cheap || explicit_at_most * 100 >= worth_knowing_blocked_percent * usable) &&
            netns.sockets.explicit_ports() != nullptr && straddles(netns, sysctls);
        request.bound_sockets |=
            hidden * 100 >= worth_knowing_blocked_percent * usable ||
            (close && hidden > 0 && hidden * 4 >= usable - std::min(usable, used_at_most));
    }
    return request;
}

} // namespace

bool is_initial(const snapshot::Netns& netns) {
    const auto orphans = netns.sysctls.text("net.ipv4.tcp_max_orphans");
    return orphans || orphans.error().why != base::Why::absent;
}

std::optional<snapshot::Request> wants(const snapshot::Host& host, std::size_t place,
                                       const Assumptions& assumed, const ModelNeeds& needs) {
    const snapshot::Netns& netns = host.namespaces[place];
    const snapshot::Census& sockets = netns.sockets;
    snapshot::Request request = request_for(netns, assumed, needs);
    request.place = place;
    request.explicit_binds = request.explicit_binds && sockets.explicit_ports() == nullptr;
    request.bound_sockets = request.bound_sockets && sockets.bound_ports() == nullptr;
    request.early_binds = request.early_binds && sockets.early_ports() == nullptr;
    request.routes = request.routes && !netns.routes_known;
    request.boot_sysctls = request.boot_sysctls && !netns.boot_sysctls;
    request.queue_owners = request.queue_owners && !netns.queue_owners;
    if (netns.local_port) {
        request.local_port.reset();
    }
    std::erase_if(request.peers, [&](const auto& remote) { return netns.find_peer(remote) != nullptr; });
    if (needs.owners && !netns.owners && stuck_sockets(sockets) >= owners_worth_sockets) {
        request.owners_of_age_ms = owners_worth_age_ms;
    }
    const bool any = request.explicit_binds || request.bound_sockets || request.early_binds ||
                     request.routes || !request.peers.empty() || request.boot_sysctls ||
                     request.queue_owners || !request.queue_ports.empty() || request.idle || request.nat ||
                     request.local_port || request.owners_of_age_ms;
    return any ? std::optional(std::move(request)) : std::nullopt;
}

std::optional<snapshot::Request> wants(const snapshot::Host& host, const Assumptions& assumed,
                                       const ModelNeeds& needs) {
    for (std::size_t place = 0; place < host.namespaces.size(); ++place) {
        if (auto request = wants(host, place, assumed, needs)) {
            return request;
        }
    }
    return std::nullopt;
}

} // namespace model
