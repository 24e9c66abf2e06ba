#include "kernel/owners.h"

#include <set>
#include <vector>

namespace kernel {
namespace {

std::vector<snapshot::WantedSocket> wanted_sockets(const snapshot::Census& sockets, std::uint32_t age_ms) {
    using snapshot::WantedSocket;
    std::vector<WantedSocket> wanted;
    for (const snapshot::CloseWaitSocket& socket : sockets.close_wait_sockets()) {
        const snapshot::CloseWaitGroup& group = sockets.close_waits()[socket.group];
        const bool old = !socket.age || socket.age->least_ms >= age_ms;
        const bool needed = old && group.kind != snapshot::CloseWaitKind::half_closed;
        const auto urgency = needed ? WantedSocket::Urgency::needed : WantedSocket::Urgency::in_passing;
        if (group.kind != snapshot::CloseWaitKind::unaccepted) {
            wanted.push_back({socket.inode, group.uid, urgency});
        } else if (const auto* listener = sockets.listener_behind(group)) {
            wanted.push_back({listener->inode, listener->uid, urgency});
        }
    }
    return wanted;
}

std::vector<std::uint64_t> cgroups_of(const snapshot::Census& sockets) {
    std::set<std::uint64_t> numbers;
    for (const snapshot::CloseWaitGroup& group : sockets.close_waits()) {
        if (group.cgroup && *group.cgroup > snapshot::root_cgroup) {
            numbers.insert(*group.cgroup);
        }
    }
    return {numbers.begin(), numbers.end()};
}

} // namespace

void collect_owners(Machine& machine, snapshot::Peer& peer, snapshot::Namespace& space) {
    std::set<std::uint64_t> numbers;
    std::vector<snapshot::WantedSocket> wanted;
    for (const snapshot::PeerSocket& socket : peer.sockets) {
        if (socket.inode != 0) {
            wanted.push_back({socket.inode, socket.uid});
        }
        if (socket.cgroup && *socket.cgroup > snapshot::root_cgroup) {
            numbers.insert(*socket.cgroup);
        }
    }
    snapshot::Owners& owners = peer.owners.emplace();
    if (!numbers.empty()) {
        owners.cgroups = machine.cgroup_paths(std::vector<std::uint64_t>(numbers.begin(), numbers.end()));
    }
    if (!wanted.empty()) {
        owners.holders = machine.holders(wanted);
    }
    if (owners.holders.unseen) {
        space.gaps.push_back(*owners.holders.unseen);
    }
}

void collect_owners(Machine& machine, std::uint32_t age_ms, snapshot::Namespace& space) {
    snapshot::Owners& owners = space.owners.emplace();
    if (const auto numbers = cgroups_of(space.sockets); !numbers.empty()) {
        owners.cgroups = machine.cgroup_paths(numbers);
    }
    const auto wanted = wanted_sockets(space.sockets, age_ms);
    owners.holders = machine.holders(wanted);
    if (owners.holders.unseen) {
        space.gaps.push_back(*owners.holders.unseen);
    }
}

} // namespace kernel
