#include "replay/tables.h"

#include "kernel/proc_net.h"
#include "kernel/sock_diag.h"

#include <array>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace replay {

namespace {

using base::Gap;
using base::Why;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;

constexpr std::string_view heading_word = "local_address";

void note_malformed(std::uint64_t malformed, std::string_view what, SocketList& list) {
    if (malformed > 0) {
        list.lost =
            Gap{"the socket table", Why::truncated, fmt::format("{} {} make no sense", malformed, what)};
    } else {
        list.lost = partial(list.sockets);
    }
}

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

/// The start of the next table after `from`, or the end of the text.
std::size_t next_table(std::string_view text, std::size_t from) {
    const std::size_t at = text.find(heading_word, from);
    const std::size_t line = at == std::string_view::npos ? at : text.rfind('\n', at);
    return line == std::string_view::npos ? text.size() : line + 1;
}

std::uint16_t type_in(std::string_view bytes) {
    std::uint16_t type = 0;
    std::memcpy(&type, bytes.data() + offsetof(nlmsghdr, nlmsg_type), sizeof type);
    return type;
}

std::uint32_t length_in(std::string_view bytes) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    return length;
}

constexpr std::uint32_t swapped(std::uint32_t v) {
    return (v >> 24) | ((v >> 8) & 0xFF00) | ((v << 8) & 0xFF0000) | (v << 24);
}

constexpr std::size_t smallest = sizeof(nlmsghdr) + sizeof(inet_diag_msg);
constexpr std::size_t most_of_a_message = 65536;

bool plausible(std::uint32_t length) {
    return length >= smallest && length <= most_of_a_message;
}

bool of_other_order(std::string_view bytes) {
    const std::uint16_t type = type_in(bytes);
    const auto turned = static_cast<std::uint16_t>((type >> 8) | (type << 8));
    return (turned == SOCK_DIAG_BY_FAMILY || turned == TCPDIAG_GETSOCK) &&
           plausible(swapped(length_in(bytes)));
}

/// As an answer to the question that our reader knows: ss asks for each family apart and numbers otherwise.
void make_ours(std::byte* message) {
    const std::uint16_t type = TCPDIAG_GETSOCK;
    const std::uint32_t sequence = kernel::dump_sequence;
    std::memcpy(message + offsetof(nlmsghdr, nlmsg_type), &type, sizeof type);
    std::memcpy(message + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
}

} // namespace

bool looks_like_proc_table(std::string_view text) {
    return first_line(text).find(heading_word) != std::string_view::npos;
}

base::Result<SocketList> read_proc_tables(std::string_view text) {
    SocketList list;
    list.provenance.name = "a copy of /proc/net/tcp";
    list.provenance.has_backlogs = false;
    std::uint64_t malformed = 0;
    bool v4 = false;
    while (!text.empty()) {
        const std::string_view heading = first_line(text);
        if (heading.find(" drops") != std::string_view::npos) {
            return base::Error{"a table of UDP or raw sockets, not of TCP"};
        }
        const std::size_t end = next_table(text, heading.size());
        const bool v6 = heading.find("remote_address") != std::string_view::npos;
        malformed += kernel::read_proc_table(text.substr(0, end), v6 ? Family::ipv6 : Family::ipv4,
                                             [&](const Socket& socket) { list.sockets.push_back(socket); });
        v4 = v4 || !v6;
        text.remove_prefix(end);
    }
    if (list.sockets.empty() && malformed > 0) {
        return base::Error{"no line of /proc/net/tcp in it makes sense"};
    }
    note_malformed(malformed, "lines", list);
    if (!v4) {
        list.lost = Gap{"the socket table", Why::truncated, "only tcp6: /proc/net/tcp is missing"};
    }
    return list;
}

bool looks_like_ss_dump(std::string_view bytes) {
    if (bytes.size() < smallest) {
        return false;
    }
    const std::uint16_t type = type_in(bytes);
    return ((type == SOCK_DIAG_BY_FAMILY || type == TCPDIAG_GETSOCK) && plausible(length_in(bytes))) ||
           of_other_order(bytes);
}

base::Result<SocketList> read_ss_dump(std::string_view bytes) {
    if (of_other_order(bytes)) {
        return base::Error{
            "a dump by ss -D on a machine with the other byte order; it can be read only there"};
    }
    SocketList list;
    list.provenance.name = "a dump by ss -D";
    kernel::DumpReader reader(kernel::Walk::close_waits, [&](std::span<const Socket> sockets) {
        for (const Socket& socket : sockets) {
            list.sockets.push_back(socket);
            if (socket.state == TcpState::close) { // only -D of bound ones gives such
                list.sockets.back().state = TcpState::bound;
            }
        }
    });
    alignas(NLMSG_ALIGNTO) std::array<std::byte, most_of_a_message> message;
    int ends = 0;
    while (bytes.size() >= sizeof(nlmsghdr)) {
        const std::uint32_t length = length_in(bytes);
        if (length < sizeof(nlmsghdr) || length > bytes.size() || length > message.size()) {
            break;
        }
        std::memcpy(message.data(), bytes.data(), length);
        const std::uint16_t type = type_in(bytes);
        ends += type == NLMSG_DONE ? 1 : 0;
        if (type == SOCK_DIAG_BY_FAMILY || type == TCPDIAG_GETSOCK) {
            make_ours(message.data());
            reader.read(std::span(message).first(length));
        }
        bytes.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(length), bytes.size()));
    }
    note_malformed(reader.malformed(), "messages", list);
    constexpr int families = 2; // ss asks for one after the other
    if (!bytes.empty() || ends < families) {
        list.lost = Gap{"the socket table", Why::truncated,
                        "the dump is cut short or damaged, or of one address family only"};
    }
    return list;
}

} // namespace replay
