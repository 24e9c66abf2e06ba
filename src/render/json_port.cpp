#include "render/formats.h"
#include "render/json_parts.h"

namespace render {

namespace {

Json verdict_json(const facts::PortVerdict& verdict) {
    Json item = Json::object();
    item["possible"] = verdict.possible ? Json(*verdict.possible) : Json();
    item["error"] = json_text(verdict.error);
    item["note"] = json_text(verdict.note);
    return item;
}

std::string_view role_name(facts::PortSocket::Role role) {
    using Role = facts::PortSocket::Role;
    switch (role) {
    case Role::listens:
        return "listens";
    case Role::outgoing:
        return "outgoing";
    case Role::outgoing_bound:
        return "outgoing, bound";
    case Role::outgoing_or_accepted:
        return "outgoing or accepted";
    case Role::bound:
        return "bound";
    case Role::accepted:
        return "accepted";
    case Role::orphaned:
        break;
    }
    return "accepted, listener gone";
}

Json port_socket_json(const facts::PortSocket& socket) {
    Json item = Json::object();
    item["state"] = socket.state;
    item["local"] = socket.local;
    item["remote"] = json_text(socket.remote);
    item["role"] = role_name(socket.role);
    item["holder"] = socket.holder;
    item["uid"] = socket.uid ? Json(*socket.uid) : Json();
    item["expires_in_seconds"] = json_number(socket.expires_in);
    item["until"] = json_text(socket.until);
    return item;
}

Json reservation_json(const facts::PortAnswer& answer) {
    if (answer.reserved_then.empty()) {
        return nullptr;
    }
    Json item = Json::object();
    item["on_node"] = answer.on_node; // where both commands work
    item["command"] = reserving(answer, answer.reserved_then);
    item["undo"] = reserving(answer, answer.reserved_now);
    item["line"] = "net.ipv4.ip_local_reserved_ports = " + answer.reserved_then;
    return item;
}

Json port_answer_json(const facts::PortAnswer& answer) {
    std::vector<base::Gap> gaps = answer.gaps;
    if (answer.unknown) {
        gaps.insert(gaps.begin(), *answer.unknown);
    }
    Json item = Json::object();
    item["id"] = answer.id;
    item["label"] = answer.label;
    item["port"] = answer.port;
    item["range"] = answer.range ? Json({{"low", answer.range->low}, {"high", answer.range->high}}) : Json();
    item["reserved"] = answer.reserved;
    item["bind"] = verdict_json(answer.bind);
    item["listen"] = verdict_json(answer.listen);
    item["connect"] = verdict_json(answer.connect);
    item["free_in_seconds"] = json_number(answer.free_in);
    item["sockets"] = Json::array();
    for (const facts::PortSocket& socket : answer.sockets) {
        item["sockets"].push_back(port_socket_json(socket));
    }
    item["left_out"] = answer.more;
    item["reserve"] = reservation_json(answer);
    item["gaps"] = json_gaps(gaps);
    return item;
}

} // namespace

void port_json(const Origin& origin, const std::vector<facts::PortAnswer>& namespaces, const Style&,
               std::ostream& out) {
    Json answer = json_answer();
    answer["version"] = json_text(origin.version);
    answer["host"] = json_host(origin.host, origin.kernel, origin.time);
    answer["namespaces"] = Json::array();
    for (const facts::PortAnswer& netns : namespaces) {
        answer["namespaces"].push_back(port_answer_json(netns));
    }
    answer["assumed"] = origin.assumed;
    write_json(answer, out);
}

} // namespace render
