#include "model/listeners.h"

#include "base/text.h"
#include "model/tables.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

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
};

Value in_state(const ListenerRow& row, TcpState state) {
    return number(row.listener->connections[static_cast<std::size_t>(state)]);
}

/// Known from the timers of connections.
Value timed(const ListenerRow& row, std::uint64_t number) {
    return row.no_timers != nullptr ? Value(*row.no_timers) : Value(number);
}

template <typename F>
Value of_backlog(const ListenerRow& row, F value) {
    return row.backlog ? Value(value(*row.backlog)) : Value(unknown_backlog());
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
    {"in_range", [](const ListenerRow& r) { return truth_of(r.in_range); }},
    {"is_reserved", [](const ListenerRow& r) { return truth_of(r.reserved); }},
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
});
static_assert(follows(facts::listener_columns, listener_getters));

} // namespace

double queue_percent(const snapshot::Listener& listener) {
    return 100.0 * listener.accept_queue / std::max<std::uint32_t>(listener.backlog, 1);
}

base::Gap unknown_backlog() {
    return {"the backlog of listeners", base::Why::failed, "only sock_diag tells it"};
}

std::unique_ptr<facts::Table> listener_table(const snapshot::Netns& netns, const PortModel& ports) {
    std::vector<ListenerRow> rows;
    for (const snapshot::Listener& listener : netns.sockets.listeners()) {
        ListenerRow row{&listener, std::nullopt, false, false, std::nullopt};
        if (netns.source == snapshot::SocketSource::sock_diag) {
            row.backlog = listener.backlog;
        }
        if (netns.provenance.no_timers) {
            row.no_timers = &*netns.provenance.no_timers;
        }
        if (ports.ports) {
            row.in_range = ports.ports->range.contains(listener.port);
            row.reserved = *row.in_range && !ports.ports->eligible.test(listener.port);
        } else {
            row.in_range = ports.ports.error();
            row.reserved = ports.ports.error();
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
