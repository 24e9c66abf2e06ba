#include "replay/netstat.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>

namespace replay {

namespace {

using base::Gap;
using base::Why;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;
using snapshot::Timer;
using NetstatWords = std::vector<std::string_view>;

constexpr std::string_view netstat_name = "the text of netstat";
// without -W an end point is cut to 22 characters and its colon (net-tools: tcp_do_one())
constexpr std::size_t cut_width = 23;

bool is_row(std::string_view line) {
    return line.starts_with("tcp ") || line.starts_with("tcp6 ");
}

/// "timewait (56.05/0/0)" at the end of a line: the words before it are anybody's choice.
void take_timer(const NetstatWords& words, Socket& socket) {
    if (words.size() < 8 || !words.back().starts_with('(') || !words.back().ends_with(')')) {
        return;
    }
    const auto parts = base::split(words.back().substr(1, words.back().size() - 2), '/');
    const auto left = parts.size() == 3 ? base::parse_decimal(parts[0]) : std::nullopt;
    const auto retries = left ? base::parse_unsigned(parts[1]) : std::nullopt;
    if (!retries) {
        return;
    }
    const std::string_view name = words[words.size() - 2];
    socket.timer = name == "on"          ? Timer::retransmit
                   : name == "keepalive" ? Timer::keepalive
                   : name == "timewait"  ? Timer::time_wait
                   : name == "probe"     ? Timer::probe
                                         : Timer::none;
    socket.expires_ms = static_cast<std::uint32_t>(std::clamp(*left * 1000, 0.0, 4e9));
    socket.retransmits = static_cast<std::uint8_t>(std::min<std::uint64_t>(*retries, 255));
}

class NetstatReader {
  public:
    base::Result<SocketList> read(std::string_view text) {
        std::size_t number = 0;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            take_line(base::trim(text.substr(0, end)), ++number);
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return result();
    }

  private:
    void take_line(std::string_view line, std::size_t number) {
        if (line.starts_with("Active Internet connections")) {
            part_ = line.find("servers and established") == std::string_view::npos;
        } else if (line.starts_with("Proto ") && line.find("Local Address") != std::string_view::npos) {
            has_inodes_ = line.find(" Inode") != std::string_view::npos;
        } else if (is_row(line)) {
            Socket socket;
            const std::string wrong =
                list_.sockets.size() < most_sockets ? take_row(line, socket) : too_many_sockets;
            if (wrong.empty()) {
                list_.sockets.push_back(socket);
            } else {
                complaints_.add(number, wrong);
            }
        }
    }

    /// What is wrong with the row; empty if nothing is.
    std::string take_row(std::string_view line, Socket& socket) {
        const NetstatWords words = base::words(line);
        const auto state = words.size() > 5 ? state_named(words[5]) : std::nullopt;
        const auto recv_q = state ? base::parse_unsigned(words[1]) : std::nullopt;
        const auto send_q = state ? base::parse_unsigned(words[2]) : std::nullopt;
        if (!recv_q || !send_q || *recv_q > UINT32_MAX || *send_q > UINT32_MAX) {
            return "'" + base::printable(line.substr(0, 40)) + "' is no row of netstat -tan";
        }
        socket.state = *state;
        socket.family = words[0] == "tcp6" ? Family::ipv6 : Family::ipv4;
        socket.rqueue = static_cast<std::uint32_t>(*recv_q);
        socket.wqueue = static_cast<std::uint32_t>(*send_q);
        std::string wrong = take_end(words[3], socket, socket.local, socket.local_port);
        if (wrong.empty()) {
            wrong = take_end(words[4], socket, socket.remote, socket.remote_port);
        }
        take_timer(words, socket);
        timers_.add(socket);
        take_identity(words, socket);
        return wrong;
    }

    void take_identity(const NetstatWords& words, Socket& socket) {
        if (!has_inodes_ || words.size() < 8) {
            return;
        }
        const auto uid =
            words[6] == "root" ? std::optional<std::uint64_t>(0) : base::parse_unsigned(words[6]);
        const auto inode = base::parse_unsigned(words[7]);
        named_users_ = named_users_ || !uid;
        socket.uid = static_cast<std::uint32_t>(uid.value_or(0));
        socket.inode = inode && *inode <= UINT32_MAX ? static_cast<std::uint32_t>(*inode) : 0;
    }

    static std::string take_end(std::string_view text, const Socket& socket, snapshot::Address& address,
                                std::uint16_t& port) {
        const auto end = split_end_point(text);
        const auto number = end ? port_of(end->port) : std::nullopt;
        if (!number) {
            return "'" + base::printable(text.substr(0, 60)) + "' has no port number (netstat -n writes it)";
        }
        port = *number;
        if (socket.family == Family::ipv6 && text.size() == cut_width) {
            return "'" + base::printable(text) + "' may be cut short (netstat -W writes all of it)";
        }
        const auto parsed = snapshot::Address::parse(end->address);
        if (!parsed) {
            return "'" + base::printable(text.substr(0, 60)) +
                   "' has no address in numbers (netstat -nW writes it)";
        }
        if (socket.family == Family::ipv4 && !parsed->is_v4()) {
            return "an IPv6 address in a row of tcp";
        }
        address = *parsed; // netstat writes v4-mapped addresses as IPv4: that is how they are kept
        return {};
    }

    base::Result<SocketList> result() {
        if (list_.sockets.empty() && !complaints_.empty()) {
            return base::Error{complaints_.text()};
        }
        list_.provenance.name = netstat_name;
        list_.provenance.has_backlogs = false;
        if (!complaints_.empty()) {
            list_.lost = Gap{"the socket table", Why::truncated, complaints_.text()};
        } else if (part_) {
            list_.lost =
                Gap{"the socket table", Why::truncated, "netstat was not asked for all sockets (-a)"};
        } else {
            list_.lost = partial(list_.sockets);
        }
        list_.provenance.no_timers = timers_.gap("the text of netstat without -o does not tell them");
        list_.provenance.has_users = has_inodes_ && !named_users_;
        if (!has_inodes_) {
            invent_inodes(list_.sockets);
        }
        return std::move(list_);
    }

    SocketList list_;
    Complaints complaints_;
    bool part_ = false;
    bool has_inodes_ = false;
    bool named_users_ = false; // by name, which tells no number
    Timers timers_;
};

} // namespace

bool looks_like_netstat(std::string_view text) {
    for (int line = 0; line < 5 && !text.empty(); ++line) {
        const std::string_view first = text.substr(0, text.find('\n'));
        if (first.starts_with("Active Internet connections") || is_row(first) ||
            (first.starts_with("Proto ") && first.find("Recv-Q") != std::string_view::npos)) {
            return true;
        }
        text.remove_prefix(std::min(first.size() + 1, text.size()));
    }
    return false;
}

base::Result<SocketList> read_netstat(std::string_view text) {
    return NetstatReader().read(text);
}

} // namespace replay
