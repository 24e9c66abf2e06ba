#include "model/row_table.h"
#include "model/tables.h"

#include <algorithm>
#include <map>

namespace model {
namespace {

using facts::Value;
using snapshot::CloseWaitGroup;
using snapshot::CloseWaitKind;

constexpr std::size_t ages = snapshot::close_wait_ages_s.size();

struct Kind {
    std::uint32_t count = 0;
    std::uint32_t without_age = 0;
    std::array<std::uint32_t, ages> older{};
};

struct Owner {
    std::string name;
    std::optional<std::uint32_t> uid;
    std::string end_point;
    std::uint32_t largest = 0; // sockets at `end_point`
    std::uint32_t total = 0;
    std::array<Kind, snapshot::close_wait_kinds> kinds;
    std::uint32_t oldest_ms = 0;
};

Value number(std::uint32_t value) {
    return static_cast<double>(value);
}

template <CloseWaitKind kind>
Value all_of(const Owner& owner) {
    return number(owner.kinds[static_cast<std::size_t>(kind)].count);
}

template <CloseWaitKind kind, std::size_t age>
Value older(const Owner& owner) {
    const Kind& counts = owner.kinds[static_cast<std::size_t>(kind)];
    if (counts.without_age > 0) {
        return base::Gap{"the age of CLOSE_WAIT sockets", base::Why::failed, "only sock_diag tells it"};
    }
    return number(counts.older[age]);
}

Value oldest(const Owner& owner) {
    return owner.oldest_ms / 1000.0;
}

constexpr auto leaked = CloseWaitKind::leaked;
constexpr auto unread = CloseWaitKind::unread;
constexpr auto unaccepted = CloseWaitKind::unaccepted;

constexpr auto getters = std::to_array<Getter<Owner>>({
    {"owner", [](const Owner& o) { return Value(o.name); }},
    {"uid",
     [](const Owner& o) {
         return o.uid ? number(*o.uid) : Value(base::Gap{"uid", base::Why::absent, "never accepted by a process"});
     }},
    {"end_point", [](const Owner& o) { return Value(o.end_point); }},
    {"total", [](const Owner& o) { return number(o.total); }},
    {"leaked", all_of<leaked>},
    {"leaked_5s", older<leaked, 0>},
    {"leaked_60s", older<leaked, 1>},
    {"leaked_300s", older<leaked, 2>},
    {"leaked_3600s", older<leaked, 3>},
    {"leaked_86400s", older<leaked, 4>},
    {"unread", all_of<unread>},
    {"unread_5s", older<unread, 0>},
    {"unread_60s", older<unread, 1>},
    {"unread_300s", older<unread, 2>},
    {"unread_3600s", older<unread, 3>},
    {"unread_86400s", older<unread, 4>},
    {"unaccepted", all_of<unaccepted>},
    {"unaccepted_5s", older<unaccepted, 0>},
    {"unaccepted_60s", older<unaccepted, 1>},
    {"unaccepted_300s", older<unaccepted, 2>},
    {"unaccepted_3600s", older<unaccepted, 3>},
    {"unaccepted_86400s", older<unaccepted, 4>},
    {"half_closed", all_of<CloseWaitKind::half_closed>},
    {"oldest", oldest},
    {"nofile",
     [](const Owner&) {
         return Value(base::Gap{"nofile", base::Why::not_collected, "processes are not looked up yet"});
     }},
});
static_assert(follows(facts::close_wait_columns, getters));

/// The kernel gives a socket that was never accepted uid 0: its owner is that of the listener.
std::optional<std::uint32_t> uid_of(const CloseWaitGroup& group, const snapshot::Census& census) {
    if (group.kind != CloseWaitKind::unaccepted) {
        return group.uid;
    }
    for (const snapshot::Listener& listener : census.listeners()) {
        if (listener.port == group.end_point.port &&
            (listener.address == group.end_point.address || listener.address.is_wildcard())) {
            return listener.uid;
        }
    }
    return std::nullopt;
}

std::string name_of(const std::optional<std::uint32_t>& uid, const std::optional<std::uint64_t>& cgroup) {
    constexpr std::uint64_t root_cgroup = 1;
    std::string name = uid ? "uid " + std::to_string(*uid) : "unknown owner";
    if (cgroup && *cgroup != root_cgroup) {
        name += " cgroup " + std::to_string(*cgroup);
    }
    return name;
}

} // namespace

std::unique_ptr<facts::Table> close_wait_table(const snapshot::Namespace& space) {
    std::map<std::string, Owner> owners;
    for (const CloseWaitGroup& group : space.sockets.close_waits()) {
        const auto uid = uid_of(group, space.sockets);
        const std::string name = name_of(uid, group.cgroup);
        Owner& owner = owners[name];
        owner.name = name;
        owner.uid = uid;
        owner.total += group.count;
        owner.oldest_ms = std::max(owner.oldest_ms, group.oldest_ms);
        if (group.count > owner.largest) {
            owner.largest = group.count;
            owner.end_point = snapshot::end_point_text(group.end_point.address, group.end_point.port);
        }
        Kind& kind = owner.kinds[static_cast<std::size_t>(group.kind)];
        kind.count += group.count;
        kind.without_age += group.without_age;
        for (std::size_t i = 0; i < ages; ++i) {
            kind.older[i] += group.older[i];
        }
    }
    std::vector<Owner> rows;
    for (auto& [name, owner] : owners) {
        rows.push_back(std::move(owner));
    }
    return std::make_unique<RowTable<Owner>>(facts::TableId::close_wait, std::move(rows), getters,
                                             space.lost_sockets);
}

} // namespace model
