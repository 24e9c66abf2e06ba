#include "model/ports_answer.h"

#include "base/text.h"
#include "model/destinations.h"
#include "model/listeners.h"
#include "model/reach.h"

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

std::optional<std::uint64_t> udp_sockets(const snapshot::Netns& netns) {
    const auto v4 = netns.counters.get("sockstat.UDP.inuse");
    const auto v6 = netns.counters.get("sockstat6.UDP6.inuse"); // none where IPv6 is switched off
    return v4 ? std::optional<std::uint64_t>(*v4 + (v6 ? *v6 : 0)) : std::nullopt;
}

std::string holder_name(const std::optional<snapshot::Owners>& owners, std::uint32_t inode,
                        std::optional<std::uint32_t> uid, const std::optional<std::uint64_t>& cgroup) {
    std::string user = uid ? fmt::format("uid {}", *uid) : "";
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
    if (name.empty() && inode != 0 && owners->holders.unseen &&
        owners->holders.unseen->why == base::Why::failed) { // it would have been found
        return user + ", process not found: " + owners->holders.unseen->detail;
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
        facts::PortHolder nobody{known ? "TIME_WAIT, no process; by its live connections " +
                                             holders.front().name
                                       : std::string("TIME_WAIT, no process"),
                                 time_wait_ports, known};
        const auto smaller =
            std::find_if(holders.begin(), holders.end(),
                         [&](const facts::PortHolder& other) { return other.ports < time_wait_ports; });
        holders.insert(smaller, std::move(nobody));
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
    const PortSet none;
    facts::BlockedBy by;
    by.listeners = take(listening, left);
    by.services = take(ports.services, left);
    by.bound = take(census.bound_ports() != nullptr ? *census.bound_ports() : none, left);
    by.explicit_binds = take(census.explicit_ports() != nullptr ? *census.explicit_ports() : none, left);
    by.suspected = take(occupation.suspect, left);
    return by;
}

std::string port_list(const snapshot::PortSet& ports) {
    std::string text;
    for (std::size_t port = 0; port < ports.size(); ++port) {
        if (!ports.test(port)) {
            continue;
        }
        std::size_t last = port;
        while (last + 1 < ports.size() && ports.test(last + 1)) {
            ++last;
        }
        text += (text.empty() ? "" : ",") + std::to_string(port) +
                (last > port ? "-" + std::to_string(last) : "");
        port = last;
    }
    return text;
}

namespace {

facts::NetnsPorts frame_of(const PortModel& ports) {
    facts::NetnsPorts answer;
    answer.label = ports.netns_of.label;
    answer.id = ports.netns_of.id;
    answer.gaps = ports.netns_of.gaps;
    answer.unknown = ports.incomplete();
    const auto& unproven = ports.netns_of.provenance.unproven;
    if (ports.ports && unproven &&
        answer.unknown == unproven) { // what the text has is certain, and may be all
        answer.gaps.push_back(*unproven);
        answer.unknown.reset();
    }
    answer.udp_sockets = udp_sockets(ports.netns_of);
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
    const bool on_device = !query.device || flow.device == *query.device;
    if (!query.to) {
        return on_device && (!query.to_port || flow.remote_port == *query.to_port);
    }
    // connect() to a link-local address binds the socket to the device
    const bool fits = query.device ? on_device : flow.device == 0 || query.to->address.is_link_local();
    return fits && flow.remote == query.to->address && flow.remote_port == query.to->port;
}

/// The flows that were asked about and have connections, those nearest to the end first.
std::vector<std::size_t> asked_places(const PortModel& ports, const PortsQuery& query) {
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t place = 0; place < ports.book->order().size(); ++place) {
        const snapshot::Flow& flow = ports.netns_of.sockets.flows()[ports.book->order()[place]];
        if (wanted(flow, query) && ports.book->tally(place).connections > 0) {
            ranked.emplace_back(ports.use(place).estimate().used_percent, place);
        }
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::size_t> places;
    places.reserve(ranked.size());
    for (const auto& [used, place] : ranked) {
        places.push_back(place);
    }
    return places;
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

/// Ports of the flow that its programs chose; empty unless explicit binds were asked for.
std::string bound_by_program(const snapshot::Census& census, const snapshot::Flow& asked) {
    PortSet own;
    for (std::size_t i = 0; i < census.record_count() && census.explicit_ports() != nullptr; ++i) {
        if (census.flows()[census.record(i).flow].same_as(asked)) {
            own.set(census.record(i).port);
        }
    }
    return census.explicit_ports() != nullptr ? port_list(own & *census.explicit_ports()) : "";
}

/// A destination with all details.
facts::Destination detailed(const PortModel& ports, const snapshot::Flow& flow, const Tally& tally) {
    const snapshot::Census& census = ports.netns_of.sockets;
    const Occupation& occupation = ports.book->occupation();
    facts::Destination destination =
        destination_of(PortUse(flow, tally, *ports.ports, occupation, ports.settings, ports.seen_at(flow)));
    destination.no_timers = ports.netns_of.provenance.no_timers;
    destination.on_devices = connections_on_devices(census.flows(), flow);
    destination.blocked_by = blocked_by(census, flow, *ports.ports, occupation);
    destination.own_range = own_range(census, flow, *ports.ports);
    destination.own_binds = bound_by_program(census, flow);
    destination.holders = port_holders(ports.netns_of.find_peer({flow.remote, flow.remote_port}), flow,
                                       *ports.ports, tally.time_wait_ports);
    return destination;
}

/// What a first connection would find.
facts::Destination unconnected(const PortModel& ports, const PortsQuery& query) {
    const auto source = query.from ? query.from : query.routed;
    snapshot::Flow flow;
    flow.source = source.value_or(snapshot::Address());
    flow.remote = query.to->address;
    flow.remote_port = query.to->port;
    flow.device = query.device.value_or(0);
    Tally tally;
    if (query.device) {
        PortsQuery without = query;
        without.device.reset();
        without.from = source;
        if (const auto siblings = asked_places(ports, without); !siblings.empty()) {
            flow.source = ports.netns_of.sockets.flows()[ports.book->order()[siblings.front()]].source;
            tally = ports.book->of_first_on_device(siblings.front());
        }
    }
    facts::Destination destination = detailed(ports, flow, tally);
    if (!source && tally.connections == 0) {
        destination.local.reset();
    }
    return destination;
}

/// Every source in use towards what was asked for, the worst first, and the one that a new connection would
/// have.
void add_asked(const PortModel& ports, const PortsQuery& query, facts::NetnsPorts& answer) {
    const snapshot::FlowTable& flows = ports.netns_of.sockets.flows();
    std::vector<std::size_t> places = asked_places(ports, query);
    const auto is_next = [&](std::size_t place) {
        return query.to && query.routed && flows[ports.book->order()[place]].source == *query.routed;
    };
    const auto next = std::find_if(places.begin(), places.end(), is_next);
    const bool next_is_new = query.to && (places.empty() || (query.routed && next == places.end()));
    if (places.size() > query.top) {
        if (next != places.end() && next >= places.begin() + static_cast<std::ptrdiff_t>(query.top)) {
            std::iter_swap(places.begin() + static_cast<std::ptrdiff_t>(query.top) - 1, next);
        }
        answer.left_out = places.size() - query.top;
        places.resize(query.top);
    }
    for (const std::size_t place : places) {
        answer.destinations.push_back(
            detailed(ports, flows[ports.book->order()[place]], ports.book->tally(place)));
    }
    if (next_is_new) {
        answer.destinations.push_back(unconnected(ports, query));
    }
}

} // namespace

facts::NetnsPorts ports_answer(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                               const PortsQuery& query) {
    const PortModel ports(netns, sysctls);
    facts::NetnsPorts answer = frame_of(ports);
    if (!ports.book) {
        return answer;
    }
    if (query.to || query.to_port) {
        add_asked(ports, query, answer);
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
