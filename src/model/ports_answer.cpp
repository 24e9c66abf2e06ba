#include "model/ports_answer.h"

#include "model/destinations.h"
#include "model/port_holders.h"

#include <algorithm>

namespace model {
namespace {

facts::NamespacePorts frame_of(const PortModel& ports) {
    facts::NamespacePorts answer;
    answer.label = ports.space_of.label;
    answer.id = ports.space_of.id;
    answer.gaps = ports.space_of.gaps;
    answer.unknown = ports.incomplete();
    if (ports.space) {
        answer.low = ports.space->range.low;
        answer.high = ports.space->range.high;
        answer.size = ports.space->range.size();
        answer.reserved = ports.space->reserved;
    }
    return answer;
}

void rank(std::vector<facts::Destination>& destinations, PortsQuery::Order order) {
    const auto before = [order](const facts::Destination& a, const facts::Destination& b) {
        switch (order) {
        case PortsQuery::Order::connections:
            return a.connections > b.connections;
        case PortsQuery::Order::rate:
            return a.births_15s > b.births_15s;
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
        const snapshot::Flow& flow = ports.space_of.sockets.flows()[ports.book->order()[place]];
        if (!wanted(flow, query) || ports.book->tally(place).connections == 0) {
            continue;
        }
        const facts::Destination destination = ports.destination(place);
        if (destination.used_percent > used) {
            used = destination.used_percent;
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
    const snapshot::Flow& flow = ports.space_of.sockets.flows()[ports.book->order()[place]];
    return port_holders(ports.space_of.find_peer({flow.remote, flow.remote_port}), flow, *ports.space,
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
        flow = ports.space_of.sockets.flows()[ports.book->order()[*place]];
        tally = ports.book->tally(*place);
    } else if (query.device) {
        PortsQuery without = query;
        without.device.reset();
        if (const auto sibling = asked_place(ports, without)) {
            flow.source = ports.space_of.sockets.flows()[ports.book->order()[*sibling]].source;
            tally = ports.book->of_first_on_device(*sibling);
        }
    }
    const Occupation& occupation = ports.book->occupation();
    facts::Destination destination =
        destination_of(flow, tally, *ports.space, occupation, ports.settings, ports.seen_at(flow));
    if (!place && !query.from) {
        destination.local.reset();
    }
    destination.no_timers = ports.space_of.provenance.no_timers;
    destination.on_devices = connections_on_devices(ports.space_of.sockets.flows(), flow);
    destination.blocked_by = blocked_by(ports.space_of.sockets, flow, *ports.space, occupation);
    destination.holders = port_holders(ports.space_of.find_peer({flow.remote, flow.remote_port}), flow,
                                       *ports.space, tally.time_wait_ports);
    return destination;
}

} // namespace

facts::NamespacePorts ports_answer(const snapshot::Namespace& space, const snapshot::Sysctls& sysctls,
                                   const PortsQuery& query) {
    const PortModel ports(space, sysctls);
    facts::NamespacePorts answer = frame_of(ports);
    if (!ports.book) {
        return answer;
    }
    if (query.to) {
        answer.destinations.push_back(asked_destination(ports, query));
        return answer;
    }
    const snapshot::FlowTable& flows = space.sockets.flows();
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
