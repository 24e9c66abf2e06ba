#include "model/listeners.h"

#include "base/text.h"
#include "model/ports_answer.h"
#include "model/tables.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace model {

namespace {

using facts::Value;
using snapshot::TcpState;

struct ListenerRow {
    const snapshot::Listener* listener;
    std::optional<std::uint32_t> backlog; // none: only sock_diag tells it
    base::Result<bool, base::Gap> in_range;
    base::Result<bool, base::Gap> reserved;
    std::optional<bool> fixed;
    const base::Gap* no_timers = nullptr;
    std::shared_ptr<const Value> merged; // the same of every row
    const snapshot::Netns* netns = nullptr;
    std::shared_ptr<const PortModel> ports;
};

Value in_state(const ListenerRow& row, TcpState state) {
    return number(row.listener->connections[static_cast<std::size_t>(state)]);
}

/// Known from the timers of connections.
Value timed(const ListenerRow& row, std::uint64_t number) {
    return row.no_timers != nullptr ? Value(*row.no_timers) : Value(number);
}

snapshot::Census::Group group(const ListenerRow& row) {
    return row.netns->sockets.group_of(*row.listener);
}

/// Of the connections in the queues of the end point.
Value waited(const ListenerRow& row, std::uint32_t snapshot::Waits::*which, double unit = 1) {
    if (row.listener->accept_queue == 0) {
        return Value(0);
    }
    const auto& asked = row.netns->queue_ports;
    if (std::find(asked.begin(), asked.end(), row.listener->port) == asked.end()) {
        return Value(snapshot::not_asked("how long connections wait for accept()"));
    }
    return row.netns->waits ? Value(group(row).waits.*which / unit) : Value(row.netns->waits.error());
}

Value quiet(const ListenerRow& row, std::uint32_t snapshot::Quiet::*which, double unit = 1) {
    return row.netns->idle ? Value(row.listener->quiet.*which / unit) : Value(row.netns->idle.error());
}

/// Whoever holds the listening socket; null if nobody looked or nobody was seen.
const snapshot::Process* holder_of_listener(const snapshot::Netns& netns,
                                            const snapshot::Listener& listener) {
    const auto& owners = netns.queue_owners;
    const snapshot::Holder* holder = owners ? owners->holders.find(listener.inode) : nullptr;
    return holder != nullptr ? &owners->holders.processes[holder->process] : nullptr;
}

const snapshot::Process* acceptor(const ListenerRow& row) {
    return holder_of_listener(*row.netns, *row.listener);
}

Value nobody_known() {
    return Value(snapshot::not_asked("who holds the listening socket"));
}

Value acceptor_sockets(const ListenerRow& row) {
    const snapshot::Process* process = acceptor(row);
    std::uint32_t held = 0;
    for (const snapshot::Listener& other : row.netns->sockets.listeners()) {
        if (other.address != row.listener->address || other.port != row.listener->port) {
            continue;
        }
        const snapshot::Process* holder = holder_of_listener(*row.netns, other);
        if (holder == nullptr) {
            return nobody_known();
        }
        held += holder == process;
    }
    return number(held);
}

Value of_acceptor(const ListenerRow& row, std::optional<std::uint64_t> snapshot::Process::*which,
                  std::string_view what) {
    const snapshot::Process* process = acceptor(row);
    if (process == nullptr) {
        return nobody_known();
    }
    return process->*which ? Value(*(process->*which))
                           : Value(base::Gap{std::string(what), base::Why::absent, "the process shows none"});
}

Value files_left(const ListenerRow& row) {
    const Value limit = of_acceptor(row, &snapshot::Process::file_limit, "a limit of open files");
    const Value open = of_acceptor(row, &snapshot::Process::open_files, "open files");
    return !limit.known()  ? limit
           : !open.known() ? open
                           : Value(std::max(limit.number() - open.number(), 0.0));
}

template <typename F>
Value of_backlog(const ListenerRow& row, F value) {
    return row.backlog ? Value(value(*row.backlog)) : Value(unknown_backlog());
}

Value unanswered_here(const ListenerRow& row) {
    std::uint64_t unanswered = 0;
    for (std::size_t place = 0; row.ports->book && place < row.ports->book->order().size(); ++place) {
        const PortUse use = row.ports->use(place);
        if (use.tally().syn_sent_retried > 0 && ends_at(use.flow(), *row.listener)) {
            unanswered += use.tally().syn_sent_retried;
        }
    }
    return timed(row, unanswered);
}

Value truth_of(const base::Result<bool, base::Gap>& truth) {
    return truth ? Value(*truth) : Value(truth.error());
}

constexpr auto listener_getters = std::to_array<Getter<ListenerRow>>({
    {"listener",
     [](const ListenerRow& r) {
         return Value(snapshot::end_point_text(r.listener->address, r.listener->port));
     }},
    {"address", [](const ListenerRow& r) { return Value(r.listener->address.to_text()); }},
    {"port", [](const ListenerRow& r) { return number(r.listener->port); }},
    {"uid", [](const ListenerRow& r) { return number(r.listener->uid); }},
    {"accept_queue", [](const ListenerRow& r) { return number(r.listener->accept_queue); }},
    {"backlog",
     [](const ListenerRow& r) { return of_backlog(r, [](std::uint32_t backlog) { return backlog; }); }},
    {"queue_percent",
     [](const ListenerRow& r) {
         return of_backlog(r, [&](std::uint32_t) { return queue_percent(*r.listener); });
     }},
    {"full",
     [](const ListenerRow& r) {
         return of_backlog(r, [&](std::uint32_t backlog) { return r.listener->accept_queue > backlog; });
     }},
    {"unanswered_here", unanswered_here},
    {"in_range", [](const ListenerRow& r) { return truth_of(r.in_range); }},
    {"is_reserved", [](const ListenerRow& r) { return truth_of(r.reserved); }},
    {"reserved_merged", [](const ListenerRow& r) { return *r.merged; }},
    {"fixed",
     [](const ListenerRow& r) {
         return r.fixed ? Value(*r.fixed) : Value(base::Gap{"explicit binds", base::Why::not_collected, {}});
     }},
    {"established", [](const ListenerRow& r) { return in_state(r, TcpState::established); }},
    {"established_retrying", [](const ListenerRow& r) { return timed(r, r.listener->established_retrying); }},
    {"syn_recv", [](const ListenerRow& r) { return in_state(r, TcpState::syn_recv); }},
    {"time_wait", [](const ListenerRow& r) { return in_state(r, TcpState::time_wait); }},
    {"close_wait", [](const ListenerRow& r) { return in_state(r, TcpState::close_wait); }},
    {"send_queue", [](const ListenerRow& r) { return Value(r.listener->queues.send_bytes); }},
    {"recv_queue", [](const ListenerRow& r) { return Value(r.listener->queues.recv_bytes); }},
    {"stalled", [](const ListenerRow& r) { return timed(r, r.listener->queues.stalled); }},
    {"stalled_bytes", [](const ListenerRow& r) { return timed(r, r.listener->queues.stalled_bytes); }},
    {"siblings", [](const ListenerRow& r) { return number(group(r).listeners); }},
    {"siblings_waiting", [](const ListenerRow& r) { return number(group(r).waiting); }},
    {"others_accept",
     [](const ListenerRow& r) {
         const auto [listeners, waiting, waits] = group(r);
         return Value(listeners > 1 && r.listener->accept_queue > 0 && waiting * 2 <= listeners);
     }},
    {"oldest_waiting", [](const ListenerRow& r) { return waited(r, &snapshot::Waits::oldest_ms, 1000); }},
    {"waiting_10s", [](const ListenerRow& r) { return waited(r, &snapshot::Waits::older_10s); }},
    {"acceptor",
     [](const ListenerRow& r) {
         const snapshot::Listener& l = *r.listener;
         return Value(holder_name(r.netns->queue_owners, l.inode, l.uid, l.cgroup));
     }},
    {"acceptor_pid",
     [](const ListenerRow& r) {
         const snapshot::Process* process = acceptor(r);
         return process != nullptr ? number(process->pid) : nobody_known();
     }},
    {"acceptor_sockets", acceptor_sockets},
    {"service",
     [](const ListenerRow& r) {
         const snapshot::Process* process = acceptor(r);
         return process != nullptr
                    ? text_or_none("a service to restart", service_of(process->cgroup).restartable())
                    : nobody_known();
     }},
    {"open_files",
     [](const ListenerRow& r) { return of_acceptor(r, &snapshot::Process::open_files, "open files"); }},
    {"nofile",
     [](const ListenerRow& r) { return of_acceptor(r, &snapshot::Process::file_limit, "a limit of open files"); }},
    {"nofile_hard",
     [](const ListenerRow& r) {
         return of_acceptor(r, &snapshot::Process::file_limit_hard, "a hard limit of open files");
     }},
    {"files_left", files_left},
    {"quiet_60s", [](const ListenerRow& r) { return quiet(r, &snapshot::Quiet::for_60s); }},
    {"quiet_3600s", [](const ListenerRow& r) { return quiet(r, &snapshot::Quiet::for_3600s); }},
    {"quiet_longest", [](const ListenerRow& r) { return quiet(r, &snapshot::Quiet::longest_ms, 1000); }},
});
static_assert(follows(facts::listener_columns, listener_getters));

/// "22,8080-8090", as the kernel takes it.
std::string list_of(const snapshot::PortSet& ports) {
    std::vector<std::string> parts;
    for (std::size_t port = 0; port < ports.size(); ++port) {
        if (!ports.test(port)) {
            continue;
        }
        const std::size_t first = port;
        while (port + 1 < ports.size() && ports.test(port + 1)) {
            ++port;
        }
        parts.push_back(first == port ? std::to_string(first) : fmt::format("{}-{}", first, port));
    }
    return base::join(parts, ",");
}

/// The reserved ports, and those of all services that listen inside the range.
Value merged_list(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls, const PortModel& ports) {
    const auto reserved = sysctls.reserved_ports();
    const snapshot::PortSet* fixed = netns.sockets.explicit_ports();
    if (!reserved || !ports.ports) {
        return reserved ? ports.ports.error() : reserved.error();
    }
    if (fixed == nullptr) {
        return base::Gap{"explicit binds", base::Why::not_collected, {}};
    }
    snapshot::PortSet merged = *reserved;
    for (const snapshot::Listener& listener : netns.sockets.listeners()) {
        if (ports.ports->range.contains(listener.port) && fixed->test(listener.port)) {
            merged.set(listener.port);
        }
    }
    return list_of(merged);
}

} // namespace

double queue_percent(const snapshot::Listener& listener) {
    return 100.0 * listener.accept_queue / std::max<std::uint32_t>(listener.backlog, 1);
}

base::Gap unknown_backlog() {
    return {"the backlog of listeners", base::Why::failed, "only sock_diag tells it"};
}

std::unique_ptr<facts::Table> listener_table(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                                             const std::shared_ptr<const PortModel>& ports) {
    std::vector<ListenerRow> rows;
    const auto merged = std::make_shared<const Value>(merged_list(netns, sysctls, *ports));
    for (const snapshot::Listener& listener : netns.sockets.listeners()) {
        ListenerRow row{&listener, std::nullopt, false, false, std::nullopt, nullptr, merged, &netns, ports};
        if (netns.source == snapshot::SocketSource::sock_diag) {
            row.backlog = listener.backlog;
        }
        if (netns.provenance.no_timers) {
            row.no_timers = &*netns.provenance.no_timers;
        }
        if (const KnownPorts& known = ports->ports) {
            row.in_range = known->range.contains(listener.port);
            row.reserved = *row.in_range && !known->eligible.test(listener.port);
        } else {
            row.in_range = known.error();
            row.reserved = known.error();
        }
        if (const snapshot::PortSet* explicit_ports = netns.sockets.explicit_ports()) {
            row.fixed = explicit_ports->test(listener.port);
        }
        rows.push_back(row);
    }
    return std::make_unique<RowTable<ListenerRow>>(facts::TableId::listener, std::move(rows),
                                                   listener_getters, netns.incomplete_sockets());
}

namespace {

using PathParts = std::span<const std::string_view>;

constexpr std::size_t id_length = 64;
constexpr std::size_t shown_of_id = 12; // as docker and crictl show it

struct Runtime {
    std::string_view prefix; // of the group that a container has, before its number
    std::string_view name;
};
constexpr auto runtimes = std::to_array<Runtime>({
    {"docker-", "docker"},
    {"libpod-", "podman"},
    {"crio-", "cri-o"},
    {"cri-containerd-", "containerd"},
    {"nerdctl-", "nerdctl"},
});

bool is_hexadecimal(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_container_id(std::string_view text) {
    return text.size() == id_length && is_hexadecimal(text);
}

bool cut_start(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) {
        return false;
    }
    text.remove_prefix(start.size());
    return true;
}

bool cut_end(std::string_view& text, std::string_view end) {
    if (!text.ends_with(end)) {
        return false;
    }
    text.remove_suffix(end.size());
    return true;
}

/// The number of a pod: "kubepods-burstable-pod8a2b_....slice" of the systemd driver, else "pod8a2b-...".
std::string pod_of(std::string_view part) {
    if (cut_end(part, ".slice")) {
        const std::size_t at =
            part.find("kubepods") == std::string_view::npos ? std::string_view::npos : part.rfind("-pod");
        part = at == std::string_view::npos ? std::string_view() : part.substr(at + 1);
    }
    if (!cut_start(part, "pod") || part.size() < 32) {
        return {};
    }
    std::string uid(part);
    std::replace(uid.begin(), uid.end(), '_', '-');
    return std::all_of(uid.begin(), uid.end(),
                       [](char c) {
                           return c == '-' || is_hexadecimal({&c, 1});
                       })
               ? uid
               : std::string();
}

/// systemd writes a blank or a dash inside of a name as \x20 and \x2d.
std::string unescaped(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const bool escaped = text.size() >= 4 && text.starts_with("\\x") && is_hexadecimal(text.substr(2, 2));
        if (escaped) {
            const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
            plain.push_back(static_cast<char>(digit(text[2]) * 16 + digit(text[3])));
        } else {
            plain.push_back(text[0]);
        }
        text.remove_prefix(escaped ? 4 : 1);
    }
    return plain;
}

/// A container that has a number, for the part at `at`.
std::optional<std::string> numbered_container(PathParts parts, std::size_t at) {
    std::string_view id = parts[at];
    cut_end(id, ".scope");
    std::string_view runtime = "container";
    for (const Runtime& known : runtimes) {
        if (cut_start(id, known.prefix)) {
            runtime = known.name;
            break;
        }
    }
    if (!is_container_id(id)) {
        return std::nullopt;
    }
    const std::string_view above = at > 0 ? parts[at - 1] : std::string_view();
    const std::string pod = pod_of(above);
    if (!pod.empty()) {
        return "kubepods pod " + pod + " container " + std::string(id.substr(0, shown_of_id));
    }
    if (above == "docker") {
        runtime = above; // the driver that does without systemd
    }
    return std::string(runtime) + ' ' + std::string(id.substr(0, shown_of_id));
}

/// A container that has a name, for the part at `at`.
std::optional<std::string> named_container(PathParts parts, std::size_t at) {
    std::string_view name = parts[at];
    const std::string_view above = at > 0 ? parts[at - 1] : std::string_view();
    if (cut_start(name, "lxc.payload.") || above == "lxc" || above == "lxc.payload") {
        return "lxc " + std::string(name);
    }
    if (above == "machine.slice" && cut_start(name, "systemd-nspawn@") && cut_end(name, ".service")) {
        return "machine " + unescaped(name);
    }
    if (above == "machine.slice" && cut_start(name, "machine-") && cut_end(name, ".scope")) {
        return "machine " + unescaped(name);
    }
    return std::nullopt;
}

bool is_unit(std::string_view part) {
    constexpr auto kinds =
        std::to_array<std::string_view>({".service", ".scope", ".socket", ".mount", ".swap"});
    return std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) {
        return part.size() > kind.size() && part.ends_with(kind);
    });
}

/// As systemd finds it (cg_path_get_unit()): slices, then the first part must be a unit.
std::string unit_in(PathParts parts) {
    const auto skip_slices = [&] {
        while (!parts.empty() && parts.front().ends_with(".slice")) {
            parts = parts.subspan(1);
        }
    };
    skip_slices();
    std::string of_user;
    if (!parts.empty()) {
        std::string_view user = parts.front();
        if (cut_start(user, "user@") && cut_end(user, ".service")) {
            of_user = " (user " + std::string(user) + ")";
            parts = parts.subspan(1);
            skip_slices();
        }
    }
    const std::string_view unit = parts.empty() ? std::string_view() : parts.front();
    const bool shared = unit == "init.scope" || unit.starts_with("session-");
    return is_unit(unit) && !shared ? unescaped(unit) + of_user : std::string();
}

} // namespace

std::string Service::name() const {
    return unit.empty() || container.empty() ? unit + container : unit + " in " + container;
}

namespace {

/// Their restart ends much more than themselves: containers, logins, the network.
bool carries_others(std::string_view unit) {
    constexpr auto units =
        std::to_array<std::string_view>({"containerd.service", "crio.service", "dbus-broker.service",
                                         "dbus.service", "docker.service", "kubelet.service"});
    return unit.starts_with("systemd-") || std::find(units.begin(), units.end(), unit) != units.end();
}

} // namespace

std::string Service::restartable() const {
    const bool is_of_host = container.empty() && unit.ends_with(".service");
    return is_of_host && !carries_others(unit) ? unit : std::string();
}

Service service_of(std::string_view cgroup_path) {
    std::vector<std::string_view> parts;
    for (const std::string_view part : base::split(cgroup_path, '/')) {
        if (!part.empty() && part != "..") { // ".." leads out of a control group namespace
            parts.push_back(part);
        }
    }
    Service service;
    std::size_t inside = 0; // the first part that lies inside of the innermost container
    for (std::size_t at = 0; at < parts.size(); ++at) {
        auto container = numbered_container(parts, at);
        if (!container) {
            container = named_container(parts, at);
        }
        if (container) {
            service.container = base::printable(*container);
            inside = at + 1;
        }
    }
    PathParts rest = PathParts(parts).subspan(inside);
    if (inside > 0 && !rest.empty() && (rest[0] == "payload" || rest[0] == "container")) {
        rest = rest.subspan(1); // where systemd-nspawn and podman put what runs inside
    }
    service.unit = base::printable(unit_in(rest));
    return service;
}

} // namespace model
