// `tcpadvisor port` for people: may a program bind the port, listen on it, does connect() choose it; who
// holds it, until when, and how to keep it free.
#include "render/table.h"
#include "render/words.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace render {

namespace {

using facts::PortAnswer;
using facts::PortSocket;
using facts::PortVerdict;
using Role = PortSocket::Role;

void verdict_line(std::ostream& out, const Style& style, std::string_view what, const PortVerdict& verdict) {
    const std::string_view word = !verdict.possible ? "perhaps" : *verdict.possible ? "yes" : "no";
    std::string note = verdict.note;
    if (!verdict.error.empty()) {
        note = (verdict.possible ? "" : "else ") + verdict.error + ": " + note;
    }
    paragraph(out, style, fmt::format("  {:<10} {:<8} ", what, word), note.empty() ? "-" : note);
}

std::string_view role_text(Role role) {
    switch (role) {
    case Role::listens:
        return "listens";
    case Role::outgoing:
        return "outgoing connection";
    case Role::outgoing_bound:
        return "outgoing connection that bound the port";
    case Role::outgoing_or_accepted:
        return "outgoing connection, or accepted by a listener that is gone";
    case Role::bound:
        return "bound and not connected";
    case Role::accepted:
        return "connected to the listener";
    case Role::orphaned:
        break;
    }
    return "accepted by a listener that is gone";
}

/// The kernel's timers are up to two seconds late, and four on some kernels (docs/kernel-model.md, 4).
std::string end_of(const PortSocket& socket) {
    std::string end;
    if (socket.expires_in) {
        end = *socket.expires_in < 1
                  ? "ends within seconds"
                  : fmt::format("ends in {} and up to 4 s more", duration(*socket.expires_in));
    }
    return end + (end.empty() || socket.until.empty() ? "" : ", ") + socket.until;
}

void socket_lines(std::ostream& out, const Style& style, const PortSocket& socket) {
    paragraph(out, style, fmt::format("  {:<12} ", socket.state),
              socket.local + (socket.remote.empty() ? "" : " -> " + socket.remote));
    paragraph(out, style, std::string(15, ' '),
              fmt::format("{}; {}{}; {}", role_text(socket.role), socket.has_process ? "held by " : "",
                          safe_line(socket.holder), end_of(socket)));
}

void holders_of_port(std::ostream& out, const Style& style, const PortAnswer& answer) {
    constexpr std::size_t usual = 6;
    const std::size_t most = style.verbosity > 0 ? answer.sockets.size() : usual;
    if (answer.sockets.empty()) {
        out << "No TCP socket has it.\n";
        return;
    }
    out << "Sockets on it\n";
    for (std::size_t i = 0; i < std::min(most, answer.sockets.size()); ++i) {
        socket_lines(out, style, answer.sockets[i]);
    }
    if (const std::uint64_t more =
            answer.sockets.size() - std::min(most, answer.sockets.size()) + answer.more;
        more > 0) {
        paragraph(out, style, "  ", fmt::format("and {} more{}", more, style.verbosity > 0 ? "" : " (-v)"));
    }
    if (answer.free_in) {
        paragraph(out, style, "",
                  fmt::format("All of them end by themselves, the last in {} and up to 4 s more.",
                              duration(*answer.free_in)));
    }
}

void reservation(std::ostream& out, const Style& style, const PortAnswer& answer) {
    if (answer.reserved_then.empty()) {
        return;
    }
    out << '\n';
    paragraph(out, style, "",
              "So that connect() never takes it (connections that have it keep it; a program that binds it "
              "still can):");
    if (answer.on_node) {
        paragraph(out, style, "  ", "In this container /proc/sys is read-only. As root on its host:");
    }
    render::command(out, "  now       ", reserving(answer, answer.reserved_then));
    render::command(out, "  undo      ", reserving(answer, answer.reserved_now));
    render::command(out, "  for good  ", "net.ipv4.ip_local_reserved_ports = " + answer.reserved_then);
    paragraph(out, style, "            ",
              "in a file of /etc/sysctl.d, which only the host's namespace reads");
}

void port_netns_text(std::ostream& out, const Style& style, const PortAnswer& answer) {
    paragraph(out, style, "", fmt::format("TCP port {}, {}", answer.port, answer.label));
    if (answer.unknown) {
        paragraph(out, style, "", "Not all sockets could be read: " + base::to_text(*answer.unknown));
    }
    out << '\n';
    verdict_line(out, style, "bind()", answer.bind);
    verdict_line(out, style, "listen()", answer.listen);
    verdict_line(out, style, "connect()", answer.connect);
    out << '\n';
    holders_of_port(out, style, answer);
    reservation(out, style, answer);
    gap_list(out, style, answer.gaps);
}

} // namespace

void port_text(const Origin& origin, const std::vector<PortAnswer>& namespaces, const Style& style,
               std::ostream& out) {
    each_netns(origin, namespaces, style, out,
               [&](const PortAnswer& answer) { port_netns_text(out, style, answer); });
}

} // namespace render
