#include "model/local_port.h"

#include "model/ports_answer.h"
#include "model/tally.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace model {
namespace {

using facts::PortAnswer;
using facts::PortSocket;
using facts::PortVerdict;
using snapshot::Socket;
using snapshot::SocketOnPort;
using snapshot::TcpState;
using Role = PortSocket::Role;

using RemoteKey = std::tuple<std::uint64_t, std::uint64_t, std::uint16_t>;

RemoteKey key_of(const snapshot::Address& address, std::uint16_t port) {
    return {address.high(), address.low(), port};
}

/// The port as a stage, and who is on it.
struct Scene {
    const snapshot::Netns& netns;
    const snapshot::LocalPort& at;
    snapshot::Reading<EphemeralPorts> ports;
    bool in_range = false;
    bool reserved = false;
    std::set<RemoteKey> servers = {};
};

/// Remote ends that several connections of this host lead to: no client connects twice from one port.
std::set<RemoteKey> servers_of(const snapshot::FlowTable& flows) {
    std::set<RemoteKey> servers;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        if (flows[flow].connections > 1) {
            servers.insert(key_of(flows[flow].remote, flows[flow].remote_port));
        }
    }
    return servers;
}

Scene scene_of(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls) {
    Scene scene{netns, *netns.local_port, ephemeral_ports(netns, sysctls)};
    if (scene.ports) {
        scene.in_range = scene.ports->range.contains(scene.at.port);
        scene.reserved = scene.in_range && !scene.ports->eligible.test(scene.at.port);
    }
    scene.servers = servers_of(netns.sockets.flows());
    return scene;
}

bool has_listener(const Scene& scene, const Socket& socket) {
    const auto& all = scene.at.sockets;
    return std::any_of(all.begin(), all.end(), [&](const SocketOnPort& other) {
        return other.socket.state == TcpState::listen &&
               (other.socket.local.is_wildcard() || other.socket.local == socket.local);
    });
}

/// Is its remote end a server? One below the range surely is, one that others lead to as well.
bool leads_to_server(const Scene& scene, const Socket& socket) {
    const auto& listeners = scene.netns.sockets.listeners();
    const bool listens_here =
        socket.remote.is_loopback() &&
        std::any_of(listeners.begin(), listeners.end(),
                    [&](const snapshot::Listener& listener) { return listener.port == socket.remote_port; });
    return listens_here || socket.state == TcpState::syn_sent ||
           socket.remote_port < scene.ports->range.low ||
           scene.servers.contains(key_of(socket.remote, socket.remote_port));
}

Role role_of(const Scene& scene, const SocketOnPort& on_port) {
    const Socket& socket = on_port.socket;
    if (socket.state == TcpState::listen) {
        return Role::listens;
    }
    if (socket.state == TcpState::bound) {
        return Role::bound;
    }
    if (has_listener(scene, socket)) {
        return Role::accepted;
    }
    if (on_port.explicitly == true) {
        return Role::outgoing_bound;
    }
    if (!scene.in_range || scene.reserved) {
        return socket.state == TcpState::syn_sent ? Role::outgoing_bound : Role::orphaned;
    }
    return leads_to_server(scene, socket) ? Role::outgoing : Role::outgoing_or_accepted;
}

bool on_v6_only(const SocketOnPort& on_port) {
    return on_port.socket.family == snapshot::Family::ipv6 && !on_port.socket.local.is_v4() &&
           on_port.socket.v6_only.value_or(false);
}

/// "10.0.0.1:8080 -> 10.0.0.5:5432 (TIME_WAIT)".
std::string socket_text(const Socket& socket) {
    const std::string local = snapshot::end_point_text(socket.local, socket.local_port);
    const bool connected = socket.remote_port != 0;
    return fmt::format("{}{} ({})", local,
                       connected ? " -> " + snapshot::end_point_text(socket.remote, socket.remote_port) : "",
                       snapshot::name(socket.state));
}

std::vector<const SocketOnPort*> in_the_way(const Scene& scene) {
    std::vector<const SocketOnPort*> sockets;
    for (const SocketOnPort& on_port : scene.at.sockets) {
        if (!on_v6_only(on_port)) {
            sockets.push_back(&on_port);
        }
    }
    return sockets;
}

/// Who may use a port below ip_unprivileged_port_start.
std::string privilege(const snapshot::Sysctls& sysctls, std::uint16_t port) {
    constexpr std::int64_t usual = 1024;
    const auto start = sysctls.integer("net.ipv4.ip_unprivileged_port_start");
    return port < (start ? *start : usual) ? "as root or with CAP_NET_BIND_SERVICE (else EACCES)" : "";
}

std::string without_obstacle(const Scene& scene, const snapshot::Sysctls& sysctls) {
    std::vector<std::string> parts;
    if (!scene.at.sockets.empty() && in_the_way(scene).empty()) {
        parts.emplace_back("on IPv4; an IPv6 socket has it");
    }
    if (std::string who = privilege(sysctls, scene.at.port); !who.empty()) {
        parts.push_back(std::move(who));
    }
    return parts.empty() ? "" : parts.size() == 1 ? parts.front() : parts.front() + ", " + parts.back();
}

/// Addresses that the sockets in the way have, if they leave others free.
std::string elsewhere(const std::vector<const SocketOnPort*>& obstacles) {
    std::set<std::string> addresses;
    for (const SocketOnPort* on_port : obstacles) {
        if (on_port->socket.local.is_wildcard()) {
            return "";
        }
        addresses.insert(on_port->socket.local.to_text());
    }
    return addresses.size() == 1
               ? fmt::format("; a single address other than {} can be bound, 0.0.0.0 and :: cannot",
                             *addresses.begin())
               : "";
}

PortVerdict bind_verdict(const Scene& scene, const snapshot::Sysctls& sysctls) {
    const auto obstacles = in_the_way(scene);
    if (obstacles.empty()) {
        return {true, "", without_obstacle(scene, sysctls)};
    }
    const std::string others =
        obstacles.size() > 1 ? fmt::format(" and {} more", obstacles.size() - 1) : std::string();
    return {false, "EADDRINUSE",
            fmt::format("of a socket without SO_REUSEADDR, because of {}{}{}",
                        socket_text(obstacles.front()->socket), others, elsewhere(obstacles))};
}

/// How a socket stands against a server that sets SO_REUSEADDR before bind(), as most servers do. Whether the
/// other socket has set it too is nowhere to be seen: accepted ones have it from their listener, if that did;
/// connect() alone does not set it (kernel: inet_csk_bind_conflict()).
enum class Against { perhaps, surely };

Against against_server(Role role) {
    switch (role) {
    case Role::listens:
    case Role::outgoing:
        return Against::surely;
    case Role::outgoing_bound:
    case Role::outgoing_or_accepted:
    case Role::bound:
    case Role::accepted:
    case Role::orphaned:
        break;
    }
    return Against::perhaps;
}

std::string_view why_not(Role role) {
    switch (role) {
    case Role::listens:
        return "listens already; only SO_REUSEPORT on both sockets, of one user, lets two listen";
    case Role::outgoing:
        return "is an outgoing connection that took the port; SO_REUSEADDR does not help against it";
    case Role::outgoing_bound:
        return "is a client that bound the port; it works only if that set SO_REUSEADDR too";
    case Role::outgoing_or_accepted:
        return "holds it: an outgoing connection keeps a server off, one that an earlier server accepted "
               "does not";
    case Role::bound:
        return "is bound to it; it works only if that set SO_REUSEADDR too and does not listen first";
    case Role::accepted:
    case Role::orphaned:
        break;
    }
    return "is what a server has left; with SO_REUSEADDR it works if that server had set it too, as most do";
}

PortVerdict listen_verdict(const Scene& scene, const snapshot::Sysctls& sysctls) {
    for (const Against wanted : {Against::surely, Against::perhaps}) {
        for (const SocketOnPort* on_port : in_the_way(scene)) {
            const Role role = role_of(scene, *on_port);
            if (against_server(role) == wanted) {
                const auto possible = wanted == Against::surely ? std::optional(false) : std::nullopt;
                return {possible, "EADDRINUSE",
                        fmt::format("{} {}", socket_text(on_port->socket), why_not(role))};
            }
        }
    }
    return {true, "", without_obstacle(scene, sysctls)};
}

/// Ports with such a socket are left to it by connect(), whatever the destination.
bool blocks_everyone(Role role) {
    return role != Role::outgoing && role != Role::outgoing_or_accepted;
}

PortVerdict connect_verdict(const Scene& scene) {
    if (!scene.ports) {
        return {std::nullopt, "", "the range is not known: " + base::to_text(scene.ports.error())};
    }
    const snapshot::PortRange& range = scene.ports->range;
    if (!scene.in_range) {
        return {false, "",
                fmt::format("never chosen: it lies outside of ip_local_port_range, {}-{}", range.low,
                            range.high)};
    }
    if (scene.reserved) {
        return {false, "", "never chosen: ip_local_reserved_ports holds it"};
    }
    const std::string within = fmt::format("lies in ip_local_port_range, {}-{}", range.low, range.high);
    if (scene.at.sockets.empty()) {
        return {true, "", "may be chosen for any outgoing connection: it " + within};
    }
    std::set<std::string> remotes;
    for (const SocketOnPort& on_port : scene.at.sockets) {
        if (blocks_everyone(role_of(scene, on_port))) {
            return {false, "",
                    "not chosen for any destination while it is there: " + socket_text(on_port.socket)};
        }
        remotes.insert(snapshot::end_point_text(on_port.socket.remote, on_port.socket.remote_port));
    }
    // bind() with port 0 and an accepted socket whose listener is gone look like connect()
    // (docs/kernel-model.md, 3.1).
    return {std::nullopt, "",
            fmt::format("it {}, and may be chosen for any destination but {}{} if connect() chose it for {}; "
                        "if bind() did, which no socket tells, for none",
                        within, *remotes.begin(),
                        remotes.size() > 1 ? fmt::format(" and {} more", remotes.size() - 1) : "",
                        remotes.size() > 1 ? "them" : "that")};
}

std::optional<double> expires(const Scene& scene, const Socket& socket) {
    constexpr double milliseconds = 1000;
    if (socket.timer != snapshot::Timer::time_wait || scene.netns.provenance.no_timers) {
        return std::nullopt;
    }
    return socket.expires_ms / milliseconds;
}

std::string holder_of_port(const Scene& scene, const Socket& socket) {
    if (socket.inode != 0) {
        return holder_name(scene.at.owners, socket.inode, socket.uid, socket.cgroup);
    }
    if (socket.state == TcpState::time_wait || socket.timer == snapshot::Timer::time_wait) {
        return "no process any more";
    }
    if (scene.netns.provenance.is_foreign()) {
        return "no process is named";
    }
    const bool is_open = socket.state == TcpState::established || socket.state == TcpState::close_wait;
    return is_open                              ? "no process yet: its server has not accepted it"
           : socket.state == TcpState::syn_recv ? "no process yet"
                                                : "no process: the kernel finishes it";
}

std::string until_text(const Scene& scene, const Socket& socket) {
    switch (socket.state) {
    case TcpState::listen:
    case TcpState::bound:
    case TcpState::close:
        return "until its process closes it";
    case TcpState::close_wait:
        return "until its process closes it: the peer has closed";
    case TcpState::time_wait:
        return expires(scene, socket) ? "" : "60 s after it was closed";
    case TcpState::fin_wait2:
        return socket.inode == 0 ? "or 60 s after the peer closes"
                                 : "until its process and the peer close it, then 60 s";
    case TcpState::syn_sent:
        return "until it is answered or given up (tcp_syn_retries)";
    case TcpState::fin_wait1:
    case TcpState::closing:
        return "until the peer answers, then 60 s";
    case TcpState::last_ack:
        return "until the peer answers";
    case TcpState::established:
    case TcpState::syn_recv:
    case TcpState::new_syn_recv:
        break;
    }
    return "until it is closed, then 60 s in TIME_WAIT if this end closes first";
}

PortSocket socket_of(const Scene& scene, const SocketOnPort& on_port) {
    const Socket& socket = on_port.socket;
    PortSocket shown;
    shown.state = snapshot::name(socket.state);
    shown.local = snapshot::end_point_text(socket.local, socket.local_port);
    shown.remote = socket.remote_port != 0 ? snapshot::end_point_text(socket.remote, socket.remote_port) : "";
    shown.role = role_of(scene, on_port);
    shown.holder = holder_of_port(scene, socket);
    shown.has_process = socket.inode != 0;
    shown.uid = socket.inode != 0 ? std::optional(socket.uid) : std::nullopt;
    shown.expires_in = expires(scene, socket);
    shown.until = until_text(scene, socket);
    return shown;
}

/// Listeners, then what keeps a server off, then the rest; those that last longest first.
void rank_sockets(std::vector<PortSocket>& sockets) {
    const auto key = [](const PortSocket& socket) {
        return std::pair(socket.role, -socket.expires_in.value_or(1e9));
    };
    std::stable_sort(sockets.begin(), sockets.end(),
                     [&](const PortSocket& a, const PortSocket& b) { return key(a) < key(b); });
}

/// None if one of them waits for a program or a peer.
std::optional<double> all_gone_in(const std::vector<PortSocket>& sockets) {
    double longest = 0;
    for (const PortSocket& socket : sockets) {
        if (!socket.expires_in || socket.state != "TIME_WAIT") {
            return std::nullopt;
        }
        longest = std::max(longest, *socket.expires_in);
    }
    return longest;
}

void add_reservation(const Scene& scene, const snapshot::Sysctls& sysctls, PortAnswer& answer) {
    if (!scene.in_range || scene.reserved) {
        return;
    }
    if (const auto reserved = sysctls.reserved_ports()) {
        answer.reserved_now = port_list(*reserved);
        answer.reserved_then = port_list(snapshot::PortSet(*reserved).set(scene.at.port));
    }
}

} // namespace

facts::PortAnswer local_port_answer(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls) {
    PortAnswer answer;
    answer.label = netns.label;
    answer.id = netns.id;
    answer.gaps = netns.gaps;
    answer.unknown = netns.lost_sockets;
    if (!netns.local_port) {
        return answer;
    }
    const Scene scene = scene_of(netns, sysctls);
    answer.port = scene.at.port;
    if (scene.ports) {
        answer.range = facts::PortBand{scene.ports->range.low, scene.ports->range.high};
    }
    answer.reserved = scene.reserved;
    answer.bind = bind_verdict(scene, sysctls);
    answer.listen = listen_verdict(scene, sysctls);
    answer.connect = connect_verdict(scene);
    for (const SocketOnPort& on_port : scene.at.sockets) {
        answer.sockets.push_back(socket_of(scene, on_port));
    }
    rank_sockets(answer.sockets);
    answer.more = scene.at.more;
    answer.free_in = answer.more == 0 ? all_gone_in(answer.sockets) : std::nullopt;
    add_reservation(scene, sysctls, answer);
    return answer;
}

} // namespace model
