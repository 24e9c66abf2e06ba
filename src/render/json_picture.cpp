#include "render/json.h"
#include "render/sums.h"

namespace render {
namespace {

using facts::NamespacePicture;

Json destinations_json(const facts::NamespacePorts& ports) {
    Json list = Json::array();
    for (std::size_t i = 0; i < ports.destinations.size() && !ports.unknown; ++i) {
        list.push_back(destination_json(ports.destinations[i]));
    }
    return list;
}

Json ages_json(const NamespacePicture& picture) {
    Json list = Json::array();
    for (std::size_t bin = 0; bin < picture.time_wait_ages.size(); ++bin) {
        Json item = Json::object();
        item["from_seconds"] = bin * facts::age_bin_seconds;
        item["sockets"] = picture.time_wait_ages[bin];
        list.push_back(std::move(item));
    }
    return list;
}

Json owner_json(const facts::WaitingOwner& owner) {
    Json item = Json::object();
    item["owner"] = owner.owner;
    item["process"] = json_text(owner.process);
    item["end_point"] = owner.end_point;
    item["total"] = owner.total;
    item["leaked"] = owner.leaked;
    item["unread"] = owner.unread;
    item["unaccepted"] = owner.unaccepted;
    item["half_closed"] = owner.half_closed;
    Json& ages = item["at_least"] = Json::array();
    for (std::size_t step = 0; step < facts::waiting_steps_s.size(); ++step) {
        Json age = Json::object();
        age["seconds"] = facts::waiting_steps_s[step];
        age["sockets"] = owner.older ? Json((*owner.older)[step]) : Json();
        ages.push_back(std::move(age));
    }
    item["oldest_seconds"] = json_number(owner.oldest);
    return item;
}

Json queue_json(const facts::ListenerQueue& queue) {
    Json item = Json::object();
    item["listener"] = queue.listener;
    item["holder"] = json_text(queue.holder);
    item["waiting"] = queue.queue;
    item["backlog"] = queue.limit ? Json(*queue.limit) : Json();
    item["established"] = queue.established;
    item["syn_recv"] = queue.syn_recv;
    return item;
}

Json namespace_json(const NamespacePicture& picture) {
    Json item = Json::object();
    item["namespace"] = picture.states.label;
    item["id"] = picture.states.id;
    add_counts(item, known_states(picture.states), picture.states.sockstat);
    item["destinations"] = destinations_json(picture.ports);
    item["time_wait_ages"] = ages_json(picture);
    Json& owners = item["close_wait"] = Json::array();
    for (const facts::WaitingOwner& owner : picture.close_wait) {
        owners.push_back(owner_json(owner));
    }
    Json& queues = item["accept_queues"] = Json::array();
    for (const facts::ListenerQueue& queue : picture.queues) {
        queues.push_back(queue_json(queue));
    }
    item["listeners"] = picture.listeners;
    return item;
}

} // namespace

Json picture_json(const facts::Picture& picture) {
    Json list = Json::array();
    for (const NamespacePicture& space : picture.namespaces) {
        list.push_back(namespace_json(space));
    }
    return list;
}

} // namespace render
