#include "render/json.h"

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
    rate["per_second_5s"] = timed(destination, destination.births_5s);
    rate["per_second_15s"] = timed(destination, destination.births_15s);
    rate["per_second_60s"] = timed(destination, destination.births_60s);
    return rate;
}

Json forecast_json(const facts::Destination& destination) {
    Json forecast = Json::object();
    forecast["load_percent"] = timed(destination, destination.load_percent);
    forecast["peak_percent"] = timed(destination, destination.peak_percent);
    forecast["exhausted_in_seconds"] = timed(destination, destination.exhausted_in);
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

Json range_json(const facts::NamespacePorts& space) {
    const auto known = [&](std::uint32_t value) { return space.unknown ? Json() : Json(value); };
    Json range = Json::object();
    range["low"] = known(space.low);
    range["high"] = known(space.high);
    range["size"] = known(space.size);
    range["reserved"] = known(space.reserved);
    return range;
}

} // namespace

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

void ports_json(const Origin& origin, const std::vector<facts::NamespacePorts>& spaces, std::ostream& out) {
    Json answer = json_answer();
    answer["host"] = json_host(origin.host, origin.kernel, origin.time);
    Json list = Json::array();
    for (const facts::NamespacePorts& space : spaces) {
        std::vector<base::Gap> gaps = space.gaps;
        if (space.unknown) {
            gaps.insert(gaps.begin(), *space.unknown);
        }
        Json item = Json::object();
        item["id"] = space.id;
        item["label"] = space.label;
        item["range"] = range_json(space);
        item["destinations"] = Json::array();
        for (std::size_t i = 0; i < space.destinations.size() && !space.unknown; ++i) {
            item["destinations"].push_back(destination_json(space.destinations[i]));
        }
        item["gaps"] = json_gaps(gaps);
        list.push_back(std::move(item));
    }
    answer["namespaces"] = std::move(list);
    answer["assumed"] = origin.assumed;
    write_json(answer, out);
}

} // namespace render
