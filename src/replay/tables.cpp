#include "replay/tables.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/proc_net.h"
#include "kernel/sock_diag.h"

#include <algorithm>
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

/// Rows of /proc/net/tcp and tcp6, which follow their headings.
class ProcDialect : public Dialect {
  public:
    LineKind read(std::string_view line, Row& row) override {
        if (line.find(heading_word) != std::string_view::npos) {
            return take_heading(line);
        }
        const auto socket = socket_of(line);
        if (!socket) {
            row.ends = {};
            row.wrong =
                "'" + base::printable(base::trim(line).substr(0, 40)) + "' is no row of /proc/net/tcp";
            return is_stranger(line) ? LineKind::stranger : LineKind::broken;
        }
        row.socket = *socket;
        const std::string_view inner = base::trim(line);
        take_number(inner);
        constexpr std::size_t ends_of_v4 = 27; // "0100007F:1F90 0100007F:C350"
        constexpr std::size_t ends_of_v6 = 75;
        row.ends = inner.substr(std::min(inner.find(' ') + 1, inner.size()),
                                socket->family == Family::ipv4 ? ends_of_v4 : ends_of_v6);
        row.details = {};
        return LineKind::row;
    }

    void complete(std::string_view, Socket&) override {}
    void restart() override {
        family_.reset();
        v4_ = v6_ = false;
        next_.reset();
        missing_.clear();
    }
    bool has_identities() const override { return true; }

    void conclude(SocketList& list) override {
        list.provenance.has_backlogs = false;
        if (udp_) {
            list.lost = Gap{"the socket table", Why::truncated, "a table of UDP or raw sockets stands in it"};
        } else if (!v4_ && v6_) {
            list.lost = Gap{"the socket table", Why::truncated, "only tcp6: /proc/net/tcp is missing"};
        } else if (!missing_.empty() && !list.lost) {
            list.lost = Gap{"the socket table", Why::truncated, missing_};
        } else if (v4_ && !v6_) {
            list.provenance.has_ipv6 = false;
            list.provenance.unproven =
                Gap{"connections over IPv6", Why::failed, "only tcp: /proc/net/tcp6 is missing"};
        }
    }

    std::string_view name() const override { return "a copy of /proc/net/tcp"; }

  private:
    LineKind take_heading(std::string_view line) {
        next_ = 0;
        udp_ = udp_ || line.find(" drops") != std::string_view::npos;
        const bool v6 = line.find("remote_address") != std::string_view::npos;
        const bool begins = v6 ? v6_ : v4_;
        if (begins) {
            v4_ = v6_ = false;
            missing_.clear();
        }
        (v6 ? v6_ : v4_) = true;
        family_ = v6 ? Family::ipv6 : Family::ipv4;
        return begins || v4_ != v6_ ? LineKind::heading : LineKind::subheading;
    }

    /// The kernel numbers the rows of one reading, tcp4_seq_show(): without a hole, also if a reading takes
    /// many calls while sockets come and go (measured on Linux 6.18).
    void take_number(std::string_view row) {
        const auto number = base::parse_unsigned(row.substr(0, row.find(':')));
        if (!number) {
            return;
        }
        if (next_ && *number > *next_ && missing_.empty()) {
            missing_ = *number == *next_ + 1 ? fmt::format("row {} is missing", *next_)
                                             : fmt::format("rows {} to {} are missing", *next_, *number - 1);
        }
        next_ = *number + 1;
    }

    /// Without a heading the length of the addresses tells the family.
    std::optional<Socket> socket_of(std::string_view line) {
        if (family_) {
            return kernel::parse_proc_line(line, *family_);
        }
        const auto v4 = kernel::parse_proc_line(line, Family::ipv4);
        return v4 ? v4 : kernel::parse_proc_line(line, Family::ipv6);
    }

    /// No number and colon at its start, and no hexadecimal end point.
    static bool is_stranger(std::string_view line) {
        const std::string_view inner = base::trim(line);
        const std::size_t digits = std::min(inner.find_first_not_of("0123456789"), inner.size());
        const bool begins = digits > 0 && digits < inner.size() && inner[digits] == ':';
        const bool hexadecimal =
            inner.find_first_not_of("0123456789ABCDEFabcdef: -") == std::string_view::npos;
        return !begins && !hexadecimal;
    }

    std::optional<Family> family_;
    bool v4_ = false;
    bool v6_ = false;
    bool udp_ = false;
    std::optional<std::uint64_t> next_; // number of a row
    std::string missing_;               // rows, the first of them
};

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
    if (bytes.size() < smallest) {
        return false;
    }
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

bool looks_like_proc_table(std::string_view line) {
    return line.find(heading_word) != std::string_view::npos || kernel::parse_proc_line(line, Family::ipv4) ||
           kernel::parse_proc_line(line, Family::ipv6);
}

base::Result<SocketList> read_proc_tables(const Text& text, SnapshotChoice choice) {
    const std::size_t heading = text.bytes.find(heading_word);
    const std::size_t end = std::min(text.bytes.find('\n', heading), text.bytes.size());
    if (heading != std::string_view::npos &&
        text.bytes.substr(heading, end - heading).find(" drops") != std::string_view::npos) {
        return base::Error{"a table of UDP or raw sockets, not of TCP"};
    }
    return read_table(text, std::make_shared<ProcDialect>(), choice);
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
    const auto sockets = std::make_shared<std::vector<Socket>>();
    if (of_other_order(bytes)) {
        return base::Error{
            "a dump by ss -D on a machine with the other byte order; it can be read only there"};
    }
    SocketList list;
    list.provenance.name = "a dump by ss -D";
    kernel::DumpReader reader(kernel::Walk::close_waits, [&](std::span<const Socket> some) {
        for (const Socket& socket : some) {
            sockets->push_back(socket);
            if (socket.state == TcpState::close) { // only -D of bound ones gives such
                sockets->back().state = TcpState::bound;
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
    for (const Socket& socket : *sockets) {
        ++list.counts[static_cast<std::size_t>(socket.state)];
    }
    list.each = [sockets](const kernel::SocketSink& sink) { sink(*sockets); };
    list.lost = reader.malformed() > 0 ? Gap{"the socket table", Why::truncated,
                                             fmt::format("{} messages make no sense", reader.malformed())}
                                       : partial(list.counts);
    constexpr int families = 2; // ss asks for one after the other
    if (!bytes.empty() || ends < families) {
        list.lost = Gap{"the socket table", Why::truncated,
                        "the dump is cut short or damaged, or of one address family only"};
    }
    return list;
}

} // namespace replay
