#include "kernel/owners.h"

#include "kernel/collect.h"

#include <set>
#include <vector>

namespace kernel {

namespace {

using snapshot::WantedSocket;

std::vector<WantedSocket> wanted_sockets(const snapshot::Census& sockets, std::uint32_t age_ms) {
    std::vector<WantedSocket> wanted;
    for (const snapshot::CloseWaitSocket& socket : sockets.close_wait_sockets()) {
        const snapshot::CloseWaitGroup& group = sockets.close_waits()[socket.group];
        const bool old = !socket.age || socket.age->least_ms >= age_ms;
        const bool needed = old && group.kind != snapshot::CloseWaitKind::half_closed;
        const auto urgency = needed ? WantedSocket::Urgency::needed : WantedSocket::Urgency::in_passing;
        if (group.kind != snapshot::CloseWaitKind::unaccepted) {
            wanted.push_back({socket.inode, group.uid, urgency});
        } else if (const auto* listener = sockets.listener_behind(group)) {
            wanted.push_back({listener->inode, listener->uid, urgency, true});
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

/// Sockets whose owners are looked for one by one.
class OwnerSearch {
  public:
    void add(std::uint32_t inode, std::uint32_t uid, const std::optional<std::uint64_t>& cgroup,
             bool is_listener = false) {
        if (inode != 0) {
            wanted_.push_back({inode, uid, WantedSocket::Urgency::needed, is_listener});
        }
        if (cgroup && *cgroup > snapshot::root_cgroup) {
            cgroups_.insert(*cgroup);
        }
    }

    snapshot::Owners run(Machine& machine, snapshot::Netns& netns) const {
        snapshot::Owners owners;
        if (!cgroups_.empty()) {
            owners.cgroups =
                machine.cgroup_paths(std::vector<std::uint64_t>(cgroups_.begin(), cgroups_.end()));
        }
        if (!wanted_.empty()) {
            owners.holders = machine.holders(wanted_);
        }
        if (owners.holders.unseen) {
            note_gap(netns, owners.holders.unseen->what, *owners.holders.unseen);
        }
        return owners;
    }

  private:
    std::vector<WantedSocket> wanted_;
    std::set<std::uint64_t> cgroups_;
};

} // namespace

void collect_owners(Machine& machine, snapshot::Peer& peer, snapshot::Netns& netns) {
    OwnerSearch search;
    for (const snapshot::PeerSocket& socket : peer.sockets) {
        search.add(socket.inode, socket.uid, socket.cgroup);
    }
    peer.owners = search.run(machine, netns);
}

void collect_owners(Machine& machine, snapshot::LocalPort& port, snapshot::Netns& netns) {
    OwnerSearch search;
    for (const snapshot::SocketOnPort& on_port : port.sockets) {
        search.add(on_port.socket.inode, on_port.socket.uid, on_port.socket.cgroup);
    }
    port.owners = search.run(machine, netns);
}

void collect_queue_owners(Machine& machine, snapshot::Netns& netns) {
    OwnerSearch search;
    for (const snapshot::Listener& listener : netns.sockets.listeners()) {
        // One of them stands still, or the whole server; or it keeps clients that have long been silent.
        if (netns.sockets.group_of(listener).waiting > 0 || listener.quiet.for_3600s > 0) {
            search.add(listener.inode, listener.uid, listener.cgroup, true);
        }
    }
    netns.queue_owners = search.run(machine, netns);
}

void collect_owners(Machine& machine, std::uint32_t age_ms, snapshot::Netns& netns) {
    snapshot::Owners& owners = netns.owners.emplace();
    if (const auto numbers = cgroups_of(netns.sockets); !numbers.empty()) {
        owners.cgroups = machine.cgroup_paths(numbers);
    }
    const auto wanted = wanted_sockets(netns.sockets, age_ms);
    owners.holders = machine.holders(wanted);
    if (owners.holders.unseen) {
        note_gap(netns, owners.holders.unseen->what, *owners.holders.unseen);
    }
}

} // namespace kernel
