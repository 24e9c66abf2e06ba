#include "model/owners.h"
#include "model/tables.h"

#include <algorithm>

namespace model {
namespace {

using base::Gap;
using base::Why;
using facts::Value;
using snapshot::CloseWaitCounts;
using snapshot::CloseWaitKind;

Value unknown_age() {
    return Gap{"the age of CLOSE_WAIT sockets", Why::failed, "only sock_diag tells it"};
}

const CloseWaitCounts& counts(const Owner& owner, CloseWaitKind kind) {
    return owner.kinds[static_cast<std::size_t>(kind)];
}

template <CloseWaitKind kind>
Value all_of(const Owner& owner) {
    return number(counts(owner, kind).count);
}

/// Of this age in seconds, which must be one of the steps.
template <CloseWaitKind kind, std::uint32_t age_s>
Value older(const Owner& owner) {
    constexpr auto& steps = snapshot::close_wait_ages_s;
    constexpr auto step =
        static_cast<std::size_t>(std::find(steps.begin(), steps.end(), age_s) - steps.begin());
    static_assert(step < steps.size());
    const CloseWaitCounts& of_kind = counts(owner, kind);
    return of_kind.without_age > 0 ? unknown_age() : number(of_kind.older[step]);
}

template <std::uint32_t snapshot::AgeInterval::*bound>
Value oldest(const Owner& owner) {
    const CloseWaitCounts total = owner.total();
    return total.without_age == total.count ? unknown_age() : Value(total.oldest.*bound / 1000.0);
}

/// Something about the foremost process, or why no process is known.
template <typename Get>
Value of_process(const Owner& owner, Get get) {
    const Share* share = owner.foremost();
    return share != nullptr ? get(*share) : Value(*owner.no_process);
}

Value files(std::string_view what, const std::optional<std::uint64_t>& count) {
    return count ? Value(static_cast<double>(*count))
                 : Value(Gap{std::string(what), Why::absent, "the kernel does not tell it"});
}

Value files_left(const snapshot::Process& process) {
    if (!process.file_limit || !process.open_files) {
        return files(process.file_limit ? "open_files" : "nofile", std::nullopt);
    }
    return static_cast<double>(*process.file_limit - std::min(*process.open_files, *process.file_limit));
}

Value held(const Owner& owner) {
    return of_process(owner,
                      [](const Share& s) { return s.held_unaged > 0 ? unknown_age() : number(s.held); });
}

Value growth(const Owner& o) {
    return o.growth ? Value(*o.growth) : Value(Gap{"growth", Why::absent, "no earlier runs to compare with"});
}

Value file_limit_in(const Owner& o) {
    const Share* share = o.foremost();
    if (!o.growth || *o.growth < least_growth || share == nullptr || !share->process->file_limit) {
        return Gap{"file_limit_in", Why::absent, "nothing is known to grow towards a limit"};
    }
    const double limit = static_cast<double>(*share->process->file_limit);
    const double open =
        share->process->open_files ? static_cast<double>(*share->process->open_files) : share->held;
    return {std::max(limit - open, 0.0) / *o.growth, facts::Basis::inferred};
}

constexpr auto leaked = CloseWaitKind::leaked;
constexpr auto unread = CloseWaitKind::unread;
constexpr auto unaccepted = CloseWaitKind::unaccepted;

constexpr auto owner_getters = std::to_array<Getter<Owner>>({
    {"owner", [](const Owner& o) { return Value(o.name()); }},
    {"uid",
     [](const Owner& o) {
         return o.uid ? number(*o.uid) : Value(Gap{"uid", Why::absent, "never accepted by a process"});
     }},
    {"unit", [](const Owner& o) { return text_or_none("a systemd unit", o.service.unit); }},
    {"service", [](const Owner& o) { return text_or_none("a service to restart", o.service.restartable()); }},
    {"container", [](const Owner& o) { return text_or_none("a container", o.service.container); }},
    {"process",
     [](const Owner& o) {
         return of_process(o, [](const Share& s) { return Value(command_of(*s.process)); });
     }},
    {"pid",
     [](const Owner& o) { return of_process(o, [](const Share& s) { return number(s.process->pid); }); }},
    {"fd", [](const Owner& o) { return of_process(o, [](const Share& s) { return number(s.descriptor); }); }},
    {"held", held},
    {"nofile",
     [](const Owner& o) {
         return of_process(o, [](const Share& s) { return files("nofile", s.process->file_limit); });
     }},
    {"nofile_hard",
     [](const Owner& o) {
         return of_process(o,
                           [](const Share& s) { return files("nofile_hard", s.process->file_limit_hard); });
     }},
    {"open_files",
     [](const Owner& o) {
         return of_process(o, [](const Share& s) { return files("open_files", s.process->open_files); });
     }},
    {"files_left",
     [](const Owner& o) { return of_process(o, [](const Share& s) { return files_left(*s.process); }); }},
    {"processes",
     [](const Owner& o) {
         return o.no_process ? Value(*o.no_process) : Value(static_cast<double>(o.shares.size()));
     }},
    {"process_gap",
     [](const Owner& o) {
         return o.no_process ? Value(o.no_process->detail)
                             : Value(Gap{"process_gap", Why::absent, "the process is known"});
     }},
    {"end_point", [](const Owner& o) { return Value(o.end_point); }},
    {"listener", [](const Owner& o) { return text_or_none("an unaccepted connection", o.listener); }},
    {"total", [](const Owner& o) { return number(o.total().count); }},
    {"leaked", all_of<leaked>},
    {"leaked_5s", older<leaked, 5>},
    {"leaked_30s", older<leaked, 30>},
    {"leaked_60s", older<leaked, 60>},
    {"leaked_300s", older<leaked, 300>},
    {"leaked_3600s", older<leaked, 3600>},
    {"leaked_86400s", older<leaked, 86400>},
    {"unread", all_of<unread>},
    {"unread_5s", older<unread, 5>},
    {"unread_30s", older<unread, 30>},
    {"unread_60s", older<unread, 60>},
    {"unread_300s", older<unread, 300>},
    {"unread_3600s", older<unread, 3600>},
    {"unread_86400s", older<unread, 86400>},
    {"unaccepted", all_of<unaccepted>},
    {"unaccepted_5s", older<unaccepted, 5>},
    {"unaccepted_30s", older<unaccepted, 30>},
    {"unaccepted_60s", older<unaccepted, 60>},
    {"unaccepted_300s", older<unaccepted, 300>},
    {"unaccepted_3600s", older<unaccepted, 3600>},
    {"unaccepted_86400s", older<unaccepted, 86400>},
    {"half_closed", all_of<CloseWaitKind::half_closed>},
    {"leaked_incoming", [](const Owner& o) { return number(o.leaked_incoming); }},
    {"awaited", [](const Owner& o) { return Value(static_cast<double>(o.awaited), facts::Basis::inferred); }},
    {"awaited_peer", [](const Owner& o) { return text_or_none("an awaited peer", o.awaited_peer); }},
    {"oldest", oldest<&snapshot::AgeInterval::least_ms>},
    {"oldest_most", oldest<&snapshot::AgeInterval::most_ms>},
    {"keepalive", [](const Owner& o) { return number(o.total().keepalive); }},
    {"growth", growth},
    {"file_limit_in", file_limit_in},
});
static_assert(follows(facts::close_wait_columns, owner_getters));

} // namespace

std::unique_ptr<facts::Table> close_wait_table(const snapshot::Netns& netns, const Growth& growing) {
    std::vector<Owner> owners = owners_of(netns);
    for (Owner& owner : owners) {
        if (growing.known()) {
            const std::uint32_t stuck = counts(owner, leaked).count + counts(owner, unread).count;
            owner.growth = growing.per_second(level_key_of_owner(owner.name()), stuck);
        }
    }
    return std::make_unique<RowTable<Owner>>(facts::TableId::close_wait, std::move(owners), owner_getters,
                                             netns.incomplete_sockets());
}

} // namespace model
