#include "base/text.h"
#include "render/formats.h"
#include "render/json_parts.h"
#include "render/words.h"

namespace render {

namespace {

Json arithmetic_json(const facts::Destination& destination) {
    Json ports = Json::object();
    ports["usable"] = destination.usable;
    ports["in_use"] = destination.in_use;
    ports["blocked"] = destination.blocked;
    ports["free"] = destination.free;
    ports["free_min"] = destination.free_min;
    ports["free_max"] = destination.free_max;
    ports["inferred_because"] = json_text(destination.inferred_because);
    return ports;
}

/// Something that timers tell.
Json timed(const facts::Destination& destination, std::optional<double> number) {
    return json_number(destination.no_timers ? std::nullopt : number);
}

Json flow_json(const facts::Destination& destination) {
    Json rate = Json::object();
    rate["per_second_5s"] = timed(destination, destination.entries_5s);
    rate["per_second_15s"] = timed(destination, destination.entries_15s);
    rate["per_second_60s"] = timed(destination, destination.entries_60s);
    return rate;
}

Json forecast_json(const facts::Destination& destination) {
    Json forecast = Json::object();
    forecast["load_percent"] = timed(destination, destination.load_percent);
    forecast["peak_percent"] = timed(destination, destination.peak_percent);
    forecast["exhausted_in_seconds"] = timed(destination, destination.exhausted_in);
    forecast["at_this_rate_seconds"] = timed(destination, destination.exhausted_at_this_rate);
    forecast["sustainable_per_second"] = json_number(destination.sustainable_rate);
    return forecast;
}

Json blocked_by_json(const facts::Destination& destination) {
    if (!destination.blocked_by) {
        return nullptr;
    }
    Json by = Json::object();
    by["listeners"] = destination.blocked_by->listeners;
    by["services"] = destination.blocked_by->services;
    by["bound"] = destination.blocked_by->bound;
    by["explicit_binds"] = destination.blocked_by->explicit_binds;
    by["suspected"] = destination.blocked_by->suspected;
    return by;
}

Json holders_json(const facts::Destination& destination) {
    Json list = Json::array();
    for (const facts::PortHolder& holder : destination.holders) {
        Json item = Json::object();
        item["name"] = holder.name;
        item["ports"] = holder.ports;
        item["confidence"] = holder.inferred ? "inferred" : "measured";
        list.push_back(std::move(item));
    }
    return list;
}

Json range_json(const facts::NetnsPorts& netns) {
    const auto known = [&](std::uint32_t value) { return netns.unknown ? Json() : Json(value); };
    Json range = Json::object();
    range["low"] = known(netns.low);
    range["high"] = known(netns.high);
    range["size"] = known(netns.size);
    range["reserved"] = known(netns.reserved);
    return range;
}

/// One destination with its port arithmetic, as `ports` and the picture of a report show it.
Json destination_json(const facts::Destination& destination) {
    Json item = Json::object();
    item["local"] = destination.local ? Json(*destination.local) : Json();
    item["remote"] = destination.remote;
    item["remote_port"] = destination.remote_port;
    item["device"] = destination.device;
    item["ports"] = arithmetic_json(destination);
    item["used_percent"] = json_number(destination.used_percent);
    item["states"] = Json::object();
    for (const auto& [state, count] : destination.states) {
        item["states"][state] = count;
    }
    Json& reuse = item["time_wait_reuse"] = Json::object();
    reuse["applies"] = destination.reuse.applies;
    reuse["reusable"] = destination.reuse.reusable;
    reuse["reason"] = json_text(destination.reuse.reason);
    reuse["confidence"] = destination.reuse.inferred ? "inferred" : "measured";
    item["rate"] = flow_json(destination);
    item["forecast"] = forecast_json(destination);
    item["blocked_by"] = blocked_by_json(destination);
    item["holders"] = holders_json(destination);
    item["on_devices"] = destination.on_devices;
    return item;
}

Json band_json(const std::optional<facts::PortBand>& band) {
    if (!band) {
        return nullptr;
    }
    Json item = Json::object();
    item["low"] = band->low;
    item["high"] = band->high;
    item["in_use"] = band->in_use;
    return item;
}

/// Null where nobody could tell.
Json reach_json(const std::optional<facts::Reach>& reach) {
    if (!reach) {
        return nullptr;
    }
    Json item = Json::object();
    item["possible"] = reach->possible;
    item["call"] = json_text(reach->call);
    item["error"] = json_text(reach->error);
    item["reason"] = json_text(reach->reason);
    return item;
}

/// As somebody asked for it: with whether connect() gets as far as the ports.
Json asked_json(const facts::Destination& destination) {
    Json item = destination_json(destination);
    item["own_range"] = band_json(destination.own_range);
    item["own_binds"] = json_text(destination.own_binds);
    item["routed"] = destination.routed ? Json(*destination.routed) : Json();
    item["reachable"] = reach_json(destination.reach);
    return item;
}

/// None where the table is unknown.
Json list_of(const facts::NetnsPorts& ports, Json (*item)(const facts::Destination&)) {
    Json list = Json::array();
    for (std::size_t i = 0; i < ports.destinations.size() && !ports.unknown; ++i) {
        list.push_back(item(ports.destinations[i]));
    }
    return list;
}

} // namespace

Json destinations_json(const facts::NetnsPorts& ports) {
    return list_of(ports, destination_json);
}

void ports_json(const Origin& origin, const std::vector<facts::NetnsPorts>& namespaces, PortsView,
                const Style&, std::ostream& out) {
    Json answer = json_answer();
    answer["version"] = json_text(origin.version);
    answer["host"] = json_host(origin.host, origin.kernel, origin.time);
    Json list = Json::array();
    for (const facts::NetnsPorts& netns : namespaces) {
        std::vector<base::Gap> gaps = netns.gaps;
        if (netns.unknown) {
            gaps.insert(gaps.begin(), *netns.unknown);
        }
        Json item = Json::object();
        item["udp_sockets"] = netns.udp_sockets ? Json(*netns.udp_sockets) : Json();
        item["id"] = netns.id;
        item["label"] = netns.label;
        item["range"] = range_json(netns);
        item["destinations"] = list_of(netns, asked_json);
        item["left_out"] = netns.left_out;
        item["gaps"] = json_gaps(gaps);
        list.push_back(std::move(item));
    }
    answer["namespaces"] = std::move(list);
    answer["assumed"] = origin.assumed;
    write_json(answer, out);
}

} // namespace render
