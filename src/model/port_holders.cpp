#include "model/port_holders.h"

#include "base/text.h"
#include "model/service.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace model {
namespace {

using snapshot::Peer;
using snapshot::PeerSocket;
using snapshot::PortSet;

const snapshot::Process* process_of(const Peer& peer, const PeerSocket& socket) {
    const snapshot::Holder* holder = peer.owners ? peer.owners->holders.find(socket.inode) : nullptr;
    return holder != nullptr ? &peer.owners->holders.processes[holder->process] : nullptr;
}

Service service_of_socket(const Peer& peer, const PeerSocket& socket, const snapshot::Process* process) {
    Service service = process != nullptr ? service_of(process->cgroup) : Service{};
    if (service.known() || !peer.owners) {
        return service;
    }
    const std::string* path = peer.owners->cgroup_path(socket.cgroup);
    return path != nullptr ? service_of(*path) : Service{};
}

/// "nginx.service, nginx (pid 812)", "curl (pid 4711)", "uid 1000".
std::string name_of(const Peer& peer, const PeerSocket& socket) {
    if (socket.inode == 0) {
        return "no process: closed, the kernel finishes the connection";
    }
    const snapshot::Process* process = process_of(peer, socket);
    const Service service = service_of_socket(peer, socket, process);
    std::string name = service.known() ? service.name() : "";
    if (process != nullptr) {
        name += fmt::format("{}{} (pid {})", name.empty() ? "" : ", ", base::printable(process->command),
                            process->pid);
    }
    return name.empty() ? fmt::format("uid {}", socket.uid) : name;
}

std::uint32_t take(const PortSet& ports, PortSet& left) {
    const auto number = static_cast<std::uint32_t>((ports & left).count());
    left &= ~ports;
    return number;
}

} // namespace

std::vector<facts::PortHolder> port_holders(const Peer* peer, const snapshot::Flow& flow,
                                            const PortSpace& space, std::uint32_t time_wait_ports) {
    if (peer == nullptr) {
        return {};
    }
    std::map<std::string, std::uint32_t> ports;
    for (const PeerSocket& socket : peer->sockets) {
        const bool mute = socket.state == snapshot::State::fin_wait2 && socket.inode == 0;
        const bool counts = socket.device == 0 || socket.device == flow.device;
        if (counts && socket.source == flow.source && space.eligible.test(socket.port)) {
            ++ports[mute ? "no process: the peer has not closed yet (FIN_WAIT2)" : name_of(*peer, socket)];
        }
    }
    std::vector<facts::PortHolder> holders;
    holders.reserve(ports.size() + 1);
    for (const auto& [name, count] : ports) {
        holders.push_back({name, count, false});
    }
    std::stable_sort(holders.begin(), holders.end(),
                     [](const auto& a, const auto& b) { return a.ports > b.ports; });
    if (time_wait_ports > 0) {
        const bool known = !holders.empty() && !holders.front().name.starts_with("no process");
        holders.push_back({known ? "TIME_WAIT, no process; by its live connections " + holders.front().name
                                 : std::string("TIME_WAIT, no process"),
                           time_wait_ports, known});
    }
    return holders;
}

facts::BlockedBy blocked_by(const snapshot::Census& census, const snapshot::Flow& flow,
                            const PortSpace& space, const Occupation& occupation) {
    PortSet left = space.blocked | occupation.suspect;
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

} // namespace model
