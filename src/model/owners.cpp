#include "model/owners.h"

#include "base/text.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace model {
namespace {

using snapshot::CloseWaitGroup;
using snapshot::CloseWaitKind;
using snapshot::CloseWaitSocket;

constexpr std::uint32_t held_age_ms = 60'000;
/// The kernel counts each age up to the moment when it lists the socket, and a list takes up to so long on a
/// busy host: a smaller difference does not say which socket is the older one.
constexpr std::uint32_t list_takes_ms = 1000;

base::Gap no_process(base::Why why, std::string detail) {
    return {"the process", why, std::move(detail)};
}

/// Puts each socket to its owner.
class Sorter {
  public:
    explicit Sorter(const snapshot::Netns& netns) : netns_(netns), census_(netns.sockets) {
        for (const CloseWaitGroup& group : census_.close_waits()) {
            groups_.push_back(describe(group));
        }
    }

    std::vector<Owner> run() {
        for (const CloseWaitSocket& socket : census_.close_wait_sockets()) {
            add(socket);
        }
        for (std::uint32_t number = 0; number < groups_.size(); ++number) {
            const CloseWaitGroup& group = census_.close_waits()[number];
            if (group.unlisted.count > 0) {
                Owner& owner = owner_of(number, nullptr);
                kind_of(owner, group).add(group.unlisted);
                Part& part = parts_[{&owner, number}];
                part.sockets += group.unlisted.count;
                part.stuck += group.kind == CloseWaitKind::half_closed ? 0 : group.unlisted.count;
                part.old += group.kind == CloseWaitKind::half_closed ? 0 : group.unlisted.older[0];
            }
        }
        name_descriptors();
        name_end_points();
        find_awaited();
        std::vector<Owner> all;
        for (auto& [key, owner] : owners_) {
            if (owner.shares.empty()) {
                owner.no_process = why_no_process(owner);
            }
            all.push_back(std::move(owner));
        }
        return all;
    }

  private:
    struct Group {
        Service service;
        std::string cgroup;
        std::optional<std::uint32_t> uid;
        std::uint32_t listener = 0; // inode of the one in whose queue it waits, else 0
    };

    /// An owner's sockets of one group, compared by what hurts most.
    struct Part {
        std::uint32_t old = 0;   // stuck, and not only just now
        std::uint32_t stuck = 0; // all but the half-closed ones
        std::uint32_t sockets = 0;

        auto operator<=>(const Part&) const = default;
    };

    struct ShareSocket {
        Share* share;
        std::uint32_t descriptor;
        std::uint32_t age_ms;
        bool of_listener;
    };

    Group describe(const CloseWaitGroup& group) const {
        Group described;
        described.uid = netns_.provenance.has_users ? std::optional(group.uid) : std::nullopt;
        if (group.kind == CloseWaitKind::unaccepted) { // the kernel says uid 0 and no inode
            const snapshot::Listener* listener = census_.listener_behind(group);
            described.uid = listener != nullptr && netns_.provenance.has_users ? std::optional(listener->uid)
                                                                               : std::nullopt;
            described.listener = listener != nullptr ? listener->inode : 0;
        }
        if (!group.cgroup || *group.cgroup <= snapshot::root_cgroup) {
            return described;
        }
        described.cgroup = std::to_string(*group.cgroup);
        const std::string* path = netns_.owners ? netns_.owners->cgroup_path(group.cgroup) : nullptr;
        if (path != nullptr) {
            described.cgroup = base::printable(*path);
            described.service = service_of(*path);
        }
        return described;
    }

    const snapshot::Holder* holder_of(std::uint32_t inode) const {
        return netns_.owners ? netns_.owners->holders.find(inode) : nullptr;
    }

    void add(const CloseWaitSocket& socket) {
        const CloseWaitGroup& group = census_.close_waits()[socket.group];
        const bool unaccepted = group.kind == CloseWaitKind::unaccepted;
        const snapshot::Holder* holder =
            holder_of(unaccepted ? groups_[socket.group].listener : socket.inode);
        Owner& owner = owner_of(socket.group, holder);
        kind_of(owner, group).add(socket.age, socket.keepalive);
        Part& part = parts_[{&owner, socket.group}];
        const bool stuck = group.kind != CloseWaitKind::half_closed;
        ++part.sockets;
        part.stuck += stuck ? 1 : 0;
        part.old += stuck && socket.age && socket.age->least_ms >= owners_worth_age_ms ? 1 : 0;
        if (holder == nullptr) {
            return;
        }
        Share& share = owner.shares[holder->process];
        share.process = &netns_.owners->holders.processes[holder->process];
        ++share.sockets;
        const std::uint32_t age_ms = socket.age ? socket.age->least_ms : 0;
        if (group.kind == CloseWaitKind::leaked || group.kind == CloseWaitKind::unread) {
            share.held += age_ms >= held_age_ms ? 1 : 0;
            share.held_unaged += socket.age ? 0 : 1;
        }
        if (share.sockets == 1 ||
            std::pair(!unaccepted, age_ms) > std::pair(!share.of_listener, share.oldest_ms)) {
            share.oldest_ms = age_ms;
            share.of_listener = unaccepted;
        }
        held_.push_back({&share, holder->descriptor, age_ms, unaccepted});
    }

    /// Of those that may be the oldest the one with the lowest descriptor, so that each run names the same.
    void name_descriptors() {
        for (const ShareSocket& held : held_) {
            Share& share = *held.share;
            const bool oldest = held.of_listener == share.of_listener &&
                                held.age_ms + std::uint64_t{list_takes_ms} >= share.oldest_ms;
            if (oldest) {
                share.descriptor = std::min(share.descriptor, held.descriptor);
            }
        }
    }

    static snapshot::CloseWaitCounts& kind_of(Owner& owner, const CloseWaitGroup& group) {
        return owner.kinds[static_cast<std::size_t>(group.kind)];
    }

    Owner& owner_of(std::uint32_t group, const snapshot::Holder* holder) {
        constexpr std::uint32_t nobody = UINT32_MAX;
        const auto [place, added] =
            places_.try_emplace({group, holder != nullptr ? holder->process : nobody}, nullptr);
        if (added) {
            place->second = &find_owner(group, holder);
        }
        return *place->second;
    }

    /// The unit of the process counts for more than that of the socket: a socket keeps the control group in
    /// which it was made, if only by systemd on behalf of the service.
    Owner& find_owner(std::uint32_t number, const snapshot::Holder* holder) {
        const Group& group = groups_[number];
        const snapshot::Process* process =
            holder != nullptr ? &netns_.owners->holders.processes[holder->process] : nullptr;
        Service service = process != nullptr ? service_of(process->cgroup) : Service{};
        if (!service.known()) {
            service = group.service;
        }
        std::string key;
        if (service.known()) {
            key = service.name();
        } else if (process != nullptr) {
            key = fmt::format("process {} {}", process->command, process->uid);
        } else {
            key = fmt::format("user {} {}", group.uid ? std::to_string(*group.uid) : "", group.cgroup);
        }
        Owner& owner = owners_[key];
        owner.service = std::move(service);
        owner.cgroup = group.cgroup;
        return owner;
    }

    /// What is shown of an owner with several end points is the one with most of its stuck sockets, then with
    /// most of those that may be.
    void name_end_points() {
        std::map<const Owner*, Part> most;
        std::map<const Owner*, std::uint32_t> most_unaccepted;
        for (const auto& [place, part] : parts_) {
            const auto& [owner, number] = place;
            const std::uint32_t sockets = part.sockets;
            const CloseWaitGroup& group = census_.close_waits()[number];
            const std::string name =
                group.end_point.port == 0
                    ? "many end points"
                    : snapshot::end_point_text(group.end_point.address, group.end_point.port);
            if (part > most[owner]) {
                most[owner] = part;
                owner->end_point = name;
                owner->uid = groups_[number].uid;
            }
            if (group.kind == CloseWaitKind::unaccepted && sockets > most_unaccepted[owner]) {
                most_unaccepted[owner] = sockets;
                owner->listener = name;
            }
        }
    }

    /// What the owner waits for at the other side, if it is a proxy: by its users and control groups, because
    /// the process of each of those sockets would have to be looked for.
    void find_awaited() {
        std::set<std::tuple<Owner*, std::uint32_t, std::optional<std::uint64_t>>> done;
        for (const auto& [place, part] : parts_) {
            const auto& [owner, number] = place;
            const CloseWaitGroup& group = census_.close_waits()[number];
            if (group.kind != CloseWaitKind::leaked || !group.incoming) {
                continue;
            }
            owner->leaked_incoming += part.sockets;
            if (done.emplace(owner, group.uid, group.cgroup).second) {
                const auto awaited = census_.awaited_by(group.uid, group.cgroup, group.end_point);
                owner->awaited += awaited.sockets;
                if (awaited.sockets > 0) {
                    owner->awaited_peer = snapshot::end_point_text(awaited.peer.address, awaited.peer.port);
                }
            }
        }
    }

    base::Gap why_no_process(const Owner& owner) const {
        const auto older_than_5_s = [&](CloseWaitKind kind) {
            return owner.kinds[static_cast<std::size_t>(kind)].older[0] > 0;
        };
        static_assert(snapshot::close_wait_ages_s[0] * 1000 == owners_worth_age_ms);
        const bool looked_for = older_than_5_s(CloseWaitKind::leaked) ||
                                older_than_5_s(CloseWaitKind::unread) ||
                                older_than_5_s(CloseWaitKind::unaccepted);
        if (!netns_.owners || !looked_for) {
            return no_process(base::Why::not_collected,
                              fmt::format("looked for when {} sockets are stuck for {} s",
                                          owners_worth_sockets, owners_worth_age_ms / 1000));
        }
        if (const auto& unseen = netns_.owners->holders.unseen) {
            return no_process(unseen->why == base::Why::failed ? base::Why::failed : base::Why::not_collected,
                              unseen->detail);
        }
        return no_process(base::Why::absent, "none that was seen has a descriptor: a socket of the kernel, "
                                             "of another PID namespace, or handed on meanwhile");
    }

    const snapshot::Netns& netns_;
    const snapshot::Census& census_;
    std::vector<Group> groups_;
    std::map<std::string, Owner> owners_;
    std::vector<ShareSocket> held_;
    std::map<std::pair<Owner*, std::uint32_t>, Part> parts_;           // by owner and group
    std::map<std::pair<std::uint32_t, std::uint32_t>, Owner*> places_; // by group and process
};

} // namespace

std::size_t stuck_sockets(const snapshot::Census& sockets) {
    const auto& all = sockets.close_wait_sockets();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const CloseWaitSocket& socket) {
        return socket.age && socket.age->least_ms >= owners_worth_age_ms &&
               sockets.close_waits()[socket.group].kind != CloseWaitKind::half_closed;
    }));
}

std::string command_of(const snapshot::Process& process) {
    const std::string_view command = base::trim(process.command);
    return command.empty() ? "?" : base::printable(command);
}

double Share::of_limit() const {
    return process->file_limit.value_or(0) > 0
               ? static_cast<double>(held) / static_cast<double>(*process->file_limit)
               : 0;
}

snapshot::CloseWaitCounts Owner::total() const {
    snapshot::CloseWaitCounts sum;
    for (const snapshot::CloseWaitCounts& kind : kinds) {
        sum.add(kind);
    }
    return sum;
}

const Share* Owner::foremost() const {
    const Share* best = nullptr;
    const auto rank = [](const Share& share) { return std::tuple(share.of_limit(), share.sockets); };
    for (const auto& [number, share] : shares) {
        if (best == nullptr || rank(share) > rank(*best) ||
            (rank(share) == rank(*best) && share.process->pid < best->process->pid)) {
            best = &share;
        }
    }
    return best;
}

std::string Owner::name() const {
    if (service.known()) {
        return service.name();
    }
    if (!shares.empty()) {
        const std::string command = command_of(*shares.begin()->second.process);
        return shares.size() == 1 ? fmt::format("{} (pid {})", command, shares.begin()->second.process->pid)
                                  : fmt::format("{} ({} processes)", command, shares.size());
    }
    const std::string user = uid ? fmt::format("uid {}", *uid) : "unknown owner";
    return cgroup.empty() ? user : fmt::format("{} cgroup {}", user, cgroup);
}

std::vector<Owner> owners_of(const snapshot::Netns& netns) {
    return Sorter(netns).run();
}

} // namespace model
