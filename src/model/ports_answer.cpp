#include "model/ports_answer.h"

#include "base/text.h"
#include "model/destinations.h"
#include "model/listeners.h"

#include <algorithm>
#include <compare>
#include <map>

#include <fmt/format.h>

namespace model {

namespace {

using snapshot::Peer;
using snapshot::PeerSocket;
using snapshot::PortSet;

/// One name of who holds a socket. What nobody holds any more is put down to nobody.
struct PortHolder {
    std::string name;
    bool is_somebody = true;

    auto operator<=>(const PortHolder&) const = default;
};

PortHolder holder_of(const Peer& peer, const PeerSocket& socket) {
    if (socket.inode == 0) {
        return {socket.state == snapshot::TcpState::fin_wait2
                    ? "no process: the peer has not closed yet (FIN_WAIT2)"
                    : "no process: closed, the kernel finishes the connection",
                false};
    }
    return {holder_name(peer.owners, socket.inode, socket.uid, socket.cgroup)};
}

std::uint32_t take(const PortSet& ports, PortSet& left) {
    const auto number = static_cast<std::uint32_t>((ports & left).count());
    left &= ~ports;
    return number;
}

} // namespace

std::string holder_name(const std::optional<snapshot::Owners>& owners, std::uint32_t inode,
                        std::optional<std::uint32_t> uid, const std::optional<std::uint64_t>& cgroup) {
    const std::string user = uid ? fmt::format("uid {}", *uid) : "";
    if (!owners) {
        return user;
    }
    const snapshot::Holder* holder = owners->holders.find(inode);
    const snapshot::Process* process =
        holder != nullptr ? &owners->holders.processes[holder->process] : nullptr;
    Service service = process != nullptr ? service_of(process->cgroup) : Service{};
    if (const std::string* path = owners->cgroup_path(cgroup); path != nullptr && !service.known()) {
        service = service_of(*path);
    }
    std::string name = service.known() ? service.name() : "";
    if (process != nullptr) {
        name += fmt::format("{}{} (pid {})", name.empty() ? "" : ", ", base::printable(process->command),
                            process->pid);
    }
    return name.empty() ? user : name;
}

std::vector<facts::PortHolder> port_holders(const Peer* peer, const snapshot::Flow& flow,
                                            const EphemeralPorts& ports, std::uint32_t time_wait_ports) {
    if (peer == nullptr) {
        return {};
    }
    std::map<PortHolder, std::uint32_t> held;
    for (const PeerSocket& socket : peer->sockets) {
        const bool counts = socket.device == 0 || socket.device == flow.device;
        if (counts && socket.source == flow.source && ports.eligible.test(socket.port)) {
            ++held[holder_of(*peer, socket)];
        }
    }
    std::vector<std::pair<PortHolder, std::uint32_t>> ranked(held.begin(), held.end());
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<facts::PortHolder> holders;
    holders.reserve(ranked.size() + 1);
    for (const auto& [holder, count] : ranked) {
        holders.push_back({holder.name, count, false});
    }
    if (time_wait_ports > 0) {
        const bool known = !ranked.empty() && ranked.front().first.is_somebody;
        holders.push_back({known ? "TIME_WAIT, no process; by its live connections " + holders.front().name
                                 : std::string("TIME_WAIT, no process"),
                           time_wait_ports, known});
    }
    return holders;
}

facts::BlockedBy blocked_by(const snapshot::Census& census, const snapshot::Flow& flow,
                            const EphemeralPorts& ports, const Occupation& occupation) {
    PortSet left = ports.blocked | occupation.suspect;
    for (std::size_t i = 0; i < census.record_count(); ++i) {
        const snapshot::Flow& of = census.flows()[census.record(i).flow];
        const bool own = of.same_as(flow);
        if (own) {
            left.reset(census.record(i).port);
        }
    }
    PortSet listening;
    for (const snapshot::Listener& listener : census.listeners()) {
        listening.set(listener.port);
    }
    PortSet services;
    for (const auto& [port, counts] : census.services()) {
        services.set(port);
    }
    const PortSet none;
    facts::BlockedBy by;
    by.listeners = take(listening, left);
    by.services = take(services, left);
    by.bound = take(census.bound_ports() != nullptr ? *census.bound_ports() : none, left);
    by.explicit_binds = take(census.explicit_ports() != nullptr ? *census.explicit_ports() : none, left);
    by.suspected = take(occupation.suspect, left);
    return by;
}

namespace {

facts::NetnsPorts frame_of(const PortModel& ports) {
    facts::NetnsPorts answer;
    answer.label = ports.netns_of.label;
    answer.id = ports.netns_of.id;
    answer.gaps = ports.netns_of.gaps;
    answer.unknown = ports.incomplete();
    if (ports.ports) {
        answer.low = ports.ports->range.low;
        answer.high = ports.ports->range.high;
        answer.size = ports.ports->range.size();
        answer.reserved = ports.ports->reserved;
    }
    return answer;
}

void rank(std::vector<facts::Destination>& destinations, PortsQuery::Order order) {
    const auto before = [order](const facts::Destination& a, const facts::Destination& b) {
        switch (order) {
        case PortsQuery::Order::connections:
            return a.connections > b.connections;
        case PortsQuery::Order::rate:
            return a.entries_15s > b.entries_15s;
        case PortsQuery::Order::left:
            return a.exhausted_in.value_or(1e9) < b.exhausted_in.value_or(1e9);
        case PortsQuery::Order::used:
            break;
        }
        return a.used_percent > b.used_percent;
    };
    std::stable_sort(destinations.begin(), destinations.end(), before);
}

bool wanted(const snapshot::Flow& flow, const PortsQuery& query) {
    if (query.from && !(flow.source == *query.from)) {
        return false;
    }
    if (!query.to) {
        return true;
    }
    // connect() to a link-local address binds the socket to the device
    const bool device =
        query.device ? flow.device == *query.device : flow.device == 0 || query.to->address.is_link_local();
    return device && flow.remote == query.to->address && flow.remote_port == query.to->port;
}

/// The connections that were asked about; of several sources those that are nearest to the end.
std::optional<std::size_t> asked_place(const PortModel& ports, const PortsQuery& query) {
    std::optional<std::size_t> worst;
    double used = -1;
    for (std::size_t place = 0; place < ports.book->order().size(); ++place) {
        const snapshot::Flow& flow = ports.netns_of.sockets.flows()[ports.book->order()[place]];
        if (!wanted(flow, query) || ports.book->tally(place).connections == 0) {
            continue;
        }
        const double percent = ports.use(place).estimate().used_percent;
        if (percent > used) {
            used = percent;
            worst = place;
        }
    }
    return worst;
}

/// Connections between the same ends that are bound to another device: they are no obstacle for this flow.
std::uint32_t connections_on_devices(const snapshot::FlowTable& flows, const snapshot::Flow& asked) {
    std::uint32_t connections = 0;
    for (std::size_t number = 0; number < flows.size(); ++number) {
        const snapshot::Flow& flow = flows[number];
        if (flow.device != 0 && flow.device != asked.device && flow.remote == asked.remote &&
            flow.remote_port == asked.remote_port && flow.source == asked.source) {
            connections += flow.connections;
        }
    }
    return connections;
}

std::vector<facts::PortHolder> holders_at(const PortModel& ports, std::size_t place) {
    const snapshot::Flow& flow = ports.netns_of.sockets.flows()[ports.book->order()[place]];
    return port_holders(ports.netns_of.find_peer({flow.remote, flow.remote_port}), flow, *ports.ports,
                        ports.book->tally(place).time_wait_ports);
}

/// The one destination of `query.to`, also when nothing is connected to it, with all details.
facts::Destination asked_destination(const PortModel& ports, const PortsQuery& query) {
    snapshot::Flow flow;
    flow.source = query.from.value_or(snapshot::Address());
    flow.remote = query.to->address;
    flow.remote_port = query.to->port;
    flow.device = query.device.value_or(0);
    Tally tally;
    const auto place = asked_place(ports, query);
    if (place) {
        flow = ports.netns_of.sockets.flows()[ports.book->order()[*place]];
        tally = ports.book->tally(*place);
    } else if (query.device) {
        PortsQuery without = query;
        without.device.reset();
        if (const auto sibling = asked_place(ports, without)) {
            flow.source = ports.netns_of.sockets.flows()[ports.book->order()[*sibling]].source;
            tally = ports.book->of_first_on_device(*sibling);
        }
    }
    const Occupation& occupation = ports.book->occupation();
    facts::Destination destination =
        destination_of(PortUse(flow, tally, *ports.ports, occupation, ports.settings, ports.seen_at(flow)));
    if (!place && !query.from) {
        destination.local.reset();
    }
    destination.no_timers = ports.netns_of.provenance.no_timers;
    destination.on_devices = connections_on_devices(ports.netns_of.sockets.flows(), flow);
    destination.blocked_by = blocked_by(ports.netns_of.sockets, flow, *ports.ports, occupation);
    destination.holders = port_holders(ports.netns_of.find_peer({flow.remote, flow.remote_port}), flow,
                                       *ports.ports, tally.time_wait_ports);
    return destination;
}

} // namespace

facts::NetnsPorts ports_answer(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                               const PortsQuery& query) {
    const PortModel ports(netns, sysctls);
    facts::NetnsPorts answer = frame_of(ports);
    if (!ports.book) {
        return answer;
    }
    if (query.to) {
        answer.destinations.push_back(asked_destination(ports, query));
        return answer;
    }
    const snapshot::FlowTable& flows = netns.sockets.flows();
    for (std::size_t place = 0; place < ports.book->order().size(); ++place) {
        if (place >= ports.book->busy_count() && answer.destinations.size() >= query.top) {
            break; // quiet ones cannot be among the busiest
        }
        if (wanted(flows[ports.book->order()[place]], query) && ports.book->tally(place).connections > 0) {
            answer.destinations.push_back(ports.destination(place));
            if (query.holders) {
                answer.destinations.back().holders = holders_at(ports, place);
            }
        }
    }
    rank(answer.destinations, query.order);
    answer.destinations.resize(std::min(answer.destinations.size(), query.top));
    return answer;
}

} // namespace model
