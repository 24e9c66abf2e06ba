#include "model/port_holders.h"

#include "base/text.h"
#include "model/service.h"

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
struct Holder {
    std::string name;
    bool is_somebody = true;

    auto operator<=>(const Holder&) const = default;
};

Holder holder_of(const Peer& peer, const PeerSocket& socket) {
    if (socket.inode == 0) {
        return {socket.state == snapshot::State::fin_wait2
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

std::string holder_name(const std::optional<snapshot::Owners>& owners, std::uint32_t inode, std::uint32_t uid,
                        const std::optional<std::uint64_t>& cgroup) {
    const std::string user = fmt::format("uid {}", uid);
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
                                            const PortSpace& space, std::uint32_t time_wait_ports) {
    if (peer == nullptr) {
        return {};
    }
    std::map<Holder, std::uint32_t> ports;
    for (const PeerSocket& socket : peer->sockets) {
        const bool counts = socket.device == 0 || socket.device == flow.device;
        if (counts && socket.source == flow.source && space.eligible.test(socket.port)) {
            ++ports[holder_of(*peer, socket)];
        }
    }
    std::vector<std::pair<Holder, std::uint32_t>> ranked(ports.begin(), ports.end());
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
