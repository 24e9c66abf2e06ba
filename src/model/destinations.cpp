#include "model/destinations.h"

#include "model/port_holders.h"
#include "model/row_table.h"

#include <algorithm>

namespace model {
namespace {

using facts::Basis;
using facts::Destination;
using facts::Value;

Value count(std::uint32_t number) {
    return static_cast<double>(number);
}

Basis basis_of(const Destination& d) {
    return d.free_min == d.free_max ? Basis::measured : Basis::inferred;
}

constexpr auto getters = std::to_array<Getter<Destination>>({
    {"source", [](const Destination& d) { return Value(d.local.value_or("")); }},
    {"remote",
     [](const Destination& d) {
         const auto address = snapshot::Address::parse(d.remote);
         return Value(snapshot::end_point_text(address.value_or(snapshot::Address()), d.remote_port));
     }},
    {"remote_address", [](const Destination& d) { return Value(d.remote); }},
    {"remote_port", [](const Destination& d) { return count(d.remote_port); }},
    {"device", [](const Destination& d) { return count(d.device); }},
    {"loopback", [](const Destination& d) { return Value(d.loopback); }},
    {"connections", [](const Destination& d) { return count(d.connections); }},
    {"established", [](const Destination& d) { return count(d.established); }},
    {"syn_sent", [](const Destination& d) { return count(d.syn_sent); }},
    {"syn_sent_retried", [](const Destination& d) { return count(d.syn_sent_retried); }},
    {"fin_wait", [](const Destination& d) { return count(d.fin_wait); }},
    {"time_wait", [](const Destination& d) { return count(d.time_wait); }},
    {"close_wait", [](const Destination& d) { return count(d.close_wait); }},
    {"in_use", [](const Destination& d) { return count(d.in_use); }},
    {"blocked", [](const Destination& d) { return Value(d.blocked, basis_of(d)); }},
    {"free", [](const Destination& d) { return Value(d.free, basis_of(d)); }},
    {"free_min", [](const Destination& d) { return count(d.free_min); }},
    {"free_max", [](const Destination& d) { return count(d.free_max); }},
    {"used_percent", [](const Destination& d) { return Value(d.used_percent, basis_of(d)); }},
    {"reuse_applies",
     [](const Destination& d) { return Value(d.reuse.applies, d.reuse.inferred ? Basis::inferred : Basis::measured); }},
    {"reusable", [](const Destination& d) { return count(d.reuse.reusable); }},
    {"births_5s", [](const Destination& d) { return Value(d.births_5s); }},
    {"births_15s", [](const Destination& d) { return Value(d.births_15s); }},
    {"births_60s", [](const Destination& d) { return Value(d.births_60s); }},
    {"turnover", [](const Destination& d) { return Value(d.turnover, basis_of(d)); }},
    {"port_time",
     [](const Destination& d) { return Value(d.port_time, d.reuse.inferred ? Basis::inferred : Basis::measured); }},
    {"sustainable_rate", [](const Destination& d) { return Value(d.sustainable_rate, basis_of(d)); }},
    {"load_percent", [](const Destination& d) { return Value(d.load_percent, basis_of(d)); }},
    {"load_percent_15s", [](const Destination& d) { return Value(d.load_percent_15s, basis_of(d)); }},
    {"load_percent_lasting", [](const Destination& d) { return Value(d.load_percent_lasting, basis_of(d)); }},
    {"peak_percent", [](const Destination& d) { return Value(d.peak_percent, basis_of(d)); }},
    {"exhausted_in",
     [](const Destination& d) {
         return d.exhausted_in ? Value(*d.exhausted_in, basis_of(d))
                               : Value(base::Gap{"exhausted_in", base::Why::absent, "the rate is sustainable"});
     }},
});
static_assert(follows(facts::destination_columns, getters));

class DestinationTable : public facts::Table {
  public:
    explicit DestinationTable(std::shared_ptr<const PortModel> ports) : ports_(std::move(ports)) {}

    const facts::Schema& schema() const override { return facts::schema(facts::TableId::destination); }
    std::size_t size() const override { return ports_->book ? ports_->book->order().size() : 0; }
    std::size_t quiet_from() const override { return ports_->book ? ports_->book->busy_count() : 0; }

    Value get(std::size_t row, std::size_t column) const override {
        if (!current_ || current_row_ != row) {
            current_ = ports_->destination(row);
            current_row_ = row;
        }
        return getters[column].get(*current_);
    }

    std::optional<facts::Bounds> quiet_bounds(std::size_t column) const override {
        const std::string_view name = facts::destination_columns[column].name;
        if (ports_->book->has_siblings()) {
            return std::nullopt;
        }
        const double most = ports_->book->quiet_most();
        for (const std::string_view counted : {"connections", "established", "syn_sent", "syn_sent_retried",
                                               "fin_wait", "time_wait", "close_wait", "in_use", "reusable"}) {
            if (name == counted) {
                return facts::Bounds{0, most};
            }
        }
        if (const auto seconds = rate_seconds(name)) {
            return facts::Bounds{0, reuse_is_off() ? most / *seconds : most}; // see births_under_reuse()
        }
        const double usable = ports_->space->usable;
        const double taken = std::min(usable, most + quiet_blocked());
        if (name == "free") {
            return facts::Bounds{usable - taken, usable};
        }
        if (name == "used_percent" && usable > 0) {
            return facts::Bounds{0, 100 * (1 - (usable - taken) / usable)}; // rounds as the fact does
        }
        return std::nullopt;
    }

    std::optional<base::Gap> incomplete() const override { return ports_->incomplete(); }

  private:
    /// The seconds that a rate is counted over; none for other columns.
    static std::optional<double> rate_seconds(std::string_view column) {
        constexpr std::array rates = {std::pair("births_5s", 5.0), std::pair("births_15s", 15.0),
                                      std::pair("births_60s", 60.0)};
        for (const auto& [name, seconds] : rates) {
            if (column == name) {
                return seconds;
            }
        }
        return std::nullopt;
    }

    bool reuse_is_off() const { return ports_->settings.mode && *ports_->settings.mode == 0; }

    double quiet_blocked() const {
        return static_cast<double>(ports_->space->blocked_count) + ports_->book->occupation().suspects;
    }

    std::shared_ptr<const PortModel> ports_;
    mutable std::optional<Destination> current_;
    mutable std::size_t current_row_ = 0;
};

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

void rank(std::vector<Destination>& destinations, PortsQuery::Order order) {
    const auto before = [order](const Destination& a, const Destination& b) {
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

} // namespace

PortModel::PortModel(const snapshot::Namespace& of, const snapshot::Sysctls& sysctls)
    : space_of(of), space(port_space(of, sysctls)), settings(reuse_settings(sysctls)) {
    if (space && of.source != snapshot::SocketSource::none) {
        book = std::make_unique<TallyBook>(of.sockets, *space, settings.delay);
    }
}

facts::Destination PortModel::destination(std::size_t place) const {
    const snapshot::Flow& flow = space_of.sockets.flows()[book->order()[place]];
    return destination_of(flow, book->tally(place), *space, book->occupation(), settings, seen_at(flow));
}

const snapshot::Timestamps* PortModel::seen_at(const snapshot::Flow& flow) const {
    const snapshot::Peer* peer = space_of.find_peer({flow.remote, flow.remote_port});
    return peer == nullptr ? nullptr : &peer->timestamps;
}

std::optional<base::Gap> PortModel::incomplete() const {
    if (!space) {
        return space.error();
    }
    if (space_of.lost_sockets) {
        return space_of.lost_sockets;
    }
    for (const auto* setting : {&settings.mode, &settings.timestamps}) {
        if (!*setting && setting->error().why != base::Why::absent) {
            return setting->error(); // without it nobody knows which ports TIME_WAIT gives back
        }
    }
    return std::nullopt;
}

Headline PortModel::worst() const {
    Headline worst;
    if (space && space->usable == 0) {
        worst.used_percent = 100; // everything is reserved
    }
    for (std::size_t place = 0; book && place < book->busy_count(); ++place) {
        const Tally& tally = book->tally(place);
        if (tally.connections == 0) {
            continue; // only ports outside the range: not a destination
        }
        const snapshot::Flow& flow = space_of.sockets.flows()[book->order()[place]];
        const Headline one = headline_of(flow, tally, *space, book->occupation(), settings, seen_at(flow));
        worst.used_percent = std::max(worst.used_percent, one.used_percent);
        worst.load_percent = std::max(worst.load_percent, one.load_percent);
    }
    return worst;
}

std::unique_ptr<facts::Table> destination_table(std::shared_ptr<const PortModel> ports) {
    return std::make_unique<DestinationTable>(std::move(ports));
}

namespace {

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
    }
    const Occupation& occupation = ports.book->occupation();
    facts::Destination destination =
        destination_of(flow, tally, *ports.space, occupation, ports.settings, ports.seen_at(flow));
    if (!place && !query.from) {
        destination.local.reset();
    }
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
        }
    }
    rank(answer.destinations, query.order);
    answer.destinations.resize(std::min(answer.destinations.size(), query.top));
    return answer;
}

} // namespace model
