#include "replay/netstat.h"

#include "base/number.h"
#include "base/text.h"
#include "replay/named_holders.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace replay {

namespace {

using base::Gap;
using base::Why;
using snapshot::Address;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;
using snapshot::Timer;
using NetstatWords = std::vector<std::string_view>;

constexpr std::string_view netstat_name = "the text of netstat";
// without -W an end point is cut to 22 characters and its colon (net-tools: tcp_do_one())
constexpr std::size_t cut_width = 23;

bool is_netstat_row(std::string_view line) {
    return line.starts_with("tcp ") || line.starts_with("tcp6 ");
}

bool is_other_row(std::string_view line) {
    return line.starts_with("udp") || line.starts_with("raw") || line.starts_with("unix ") ||
           line.starts_with("sctp") || line.starts_with("mptcp");
}

std::uint32_t queue_of(std::string_view text) {
    const auto number = base::parse_unsigned(text);
    return number && *number <= UINT32_MAX ? static_cast<std::uint32_t>(*number) : UINT32_MAX;
}

/// "timewait (56.05/0/0)" at the end of a line: the words before it are anybody's choice.
bool take_netstat_timer(const NetstatWords& words, Socket& socket) {
    if (words.size() < 2 || !words.back().starts_with('(') || !words.back().ends_with(')')) {
        return false;
    }
    const auto parts = base::split(words.back().substr(1, words.back().size() - 2), '/');
    const auto left = parts.size() == 3 ? base::parse_decimal(parts[0]) : std::nullopt;
    const auto retries = left ? base::parse_unsigned(parts[1]) : std::nullopt;
    if (!retries) {
        return false;
    }
    const std::string_view name = words[words.size() - 2];
    socket.timer = name == "on"          ? Timer::retransmit
                   : name == "keepalive" ? Timer::keepalive
                   : name == "timewait"  ? Timer::time_wait
                   : name == "probe"     ? Timer::probe
                                         : Timer::none;
    socket.expires_ms = static_cast<std::uint32_t>(std::clamp(*left * 1000, 0.0, 4e9));
    socket.retransmits = static_cast<std::uint8_t>(std::min<std::uint64_t>(*retries, 255));
    return true;
}

class NetstatDialect : public Dialect {
  public:
    LineKind read(std::string_view line, Row& row) override {
        line = base::trim(line);
        if (is_netstat_row(line)) {
            titled_ = false;
            return take_row(line, row);
        }
        if (line.starts_with("Active Internet connections")) {
            titled_ = true;
            part_ = line.find("servers and established") == std::string_view::npos &&
                    line.find("(w/o servers)") != std::string_view::npos;
            only_listening_ = line.find("(only servers)") != std::string_view::npos;
            return LineKind::heading;
        }
        if (line.starts_with("Proto ") && line.find("Path") == std::string_view::npos &&
            line.find("I-Node") == std::string_view::npos) {
            has_inodes_ = line.find(" Inode") != std::string_view::npos;
            const bool belongs = titled_;
            titled_ = false;
            return belongs ? LineKind::subheading : LineKind::heading;
        }
        if (is_other_row(line)) {
            return LineKind::other_row;
        }
        row.ends = {};
        row.wrong = "'" + base::printable(line.substr(0, 40)) + "' is no row of netstat -tan";
        return has_end_point(line) ? LineKind::broken : LineKind::stranger;
    }

    void complete(std::string_view details, Socket& socket) override {
        NetstatWords words = base::words(details);
        if (take_netstat_timer(words, socket)) {
            words.resize(words.size() - 2);
        }
        const std::size_t program = has_inodes_ ? 2 : 0;
        if (has_inodes_ && words.size() >= 2) {
            take_identity(words, socket);
        }
        if (words.size() > program) {
            take_program(words[program], details);
        }
    }

    void restart() override { titled_ = false; }
    bool has_identities() const override { return has_inodes_; }

    void conclude(SocketList& list) override {
        list.provenance.has_backlogs = false;
        list.provenance.has_users = has_inodes_ && !named_users_;
        if (part_ && !list.lost) {
            list.lost = Gap{"the socket table", Why::truncated, "netstat was not asked for all sockets (-a)"};
        }
        if (only_listening_ && !list.lost) {
            list.lost =
                Gap{"the socket table", Why::truncated, "netstat was asked for listening sockets only (-l)"};
        }
        list.holders = holders_.any() ? holders_.name(list, "netstat -p names no more processes")
                                      : no_holders("netstat without -p, or without root, names no process");
    }

    std::string_view name() const override { return netstat_name; }

  private:
    LineKind take_row(std::string_view line, Row& row) {
        const bool v6 = line[3] == '6';
        row.socket = Socket();
        Socket& socket = row.socket;
        std::string_view rest = line;
        next_word(rest);
        socket.rqueue = queue_of(next_word(rest));
        socket.wqueue = queue_of(next_word(rest));
        const std::string_view local = next_word(rest);
        const std::string_view remote = next_word(rest);
        const std::string_view word = next_word(rest);
        row.details = rest;
        row.ends = std::string_view(local.data(),
                                    static_cast<std::size_t>(remote.data() + remote.size() - local.data()));
        const auto state = state_named(word);
        if (!state || socket.rqueue == UINT32_MAX || socket.wqueue == UINT32_MAX) {
            const bool foreign = has_end_point(local) && !word.empty() && !has_end_point(word);
            row.wrong = "'" + base::printable(line.substr(0, 40)) + "' is no row of netstat -tan";
            if (foreign && !state) {
                row.wrong = "'" + base::printable(word.substr(0, 20)) +
                            "' is no state in English (LC_ALL=C netstat -tan writes that)";
            }
            return LineKind::broken;
        }
        socket.state = *state;
        socket.family = v6 ? Family::ipv6 : Family::ipv4;
        const LineKind kind = take_end(local, v6, row, socket.local, socket.local_port);
        return kind == LineKind::row ? take_end(remote, v6, row, socket.remote, socket.remote_port) : kind;
    }

    void take_identity(const NetstatWords& words, Socket& socket) {
        const auto uid =
            words[0] == "root" ? std::optional<std::uint64_t>(0) : base::parse_unsigned(words[0]);
        const auto inode = base::parse_unsigned(words[1]);
        named_users_ = named_users_ || !uid;
        socket.uid = static_cast<std::uint32_t>(uid.value_or(0));
        socket.inode = inode && *inode <= UINT32_MAX ? static_cast<std::uint32_t>(*inode) : 0;
    }

    /// "6805/nginx: worker p", in the details where `word` begins; blanks pad it.
    void take_program(std::string_view word, std::string_view details) {
        const std::size_t slash = word.find('/');
        const auto pid =
            slash != std::string_view::npos ? base::parse_unsigned(word.substr(0, slash)) : std::nullopt;
        if (!pid || *pid == 0 || *pid > UINT32_MAX) {
            return;
        }
        constexpr std::size_t column = 20; // of "PID/Program name"
        const std::string_view from = details.substr(static_cast<std::size_t>(word.data() - details.data()));
        std::string_view name = base::trim(from.substr(0, std::max(column, word.size())).substr(slash + 1));
        if (name.ends_with(':')) { // "sshd:" of "sshd: user [priv]"
            name.remove_suffix(1);
        }
        holders_.found(std::string(name), static_cast<std::uint32_t>(*pid), 0);
    }

    static LineKind wrong_netstat_end(std::string_view text, Row& row) {
        const bool name = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'g' && c <= 'z'; });
        row.wrong = "'" + base::printable(text.substr(0, 60)) +
                    (name ? "' is a name (netstat -n writes numbers)" : "' is no address and port");
        return name ? LineKind::named : LineKind::broken;
    }

    /// busybox and old net-tools write IPv6 addresses in rows of tcp, too.
    static LineKind take_end(std::string_view text, bool v6, Row& row, Address& address,
                             std::uint16_t& port) {
        const auto end = split_end_point(text);
        const auto number = end ? port_of(end->port) : std::nullopt;
        if (!number) {
            return wrong_netstat_end(text, row);
        }
        port = *number;
        if (const auto quad = dotted_quad(end->address)) {
            address = *quad;
            return LineKind::row;
        }
        const auto parsed = Address::parse(end->address);
        if (text.size() == cut_width && (v6 || parsed)) {
            row.wrong = "'" + base::printable(text) + "' may be cut short (netstat -W writes all of it)";
            return LineKind::broken;
        }
        if (!parsed) {
            return wrong_netstat_end(text, row);
        }
        row.socket.family = Family::ipv6;
        address = *parsed; // netstat writes v4-mapped addresses as IPv4: that is how they are kept
        return LineKind::row;
    }

    bool titled_ = false; // the line above the names of the columns was there
    bool part_ = false;
    bool only_listening_ = false;
    bool has_inodes_ = false;
    bool named_users_ = false; // by name, which tells no number
    NamedHolders holders_;
};

} // namespace

bool looks_like_netstat(std::string_view line) {
    line = base::trim(line);
    std::string_view rest = line;
    next_word(rest);
    const bool row = is_netstat_row(line) && base::parse_unsigned(next_word(rest)) && has_end_point(line);
    return line.starts_with("Active Internet connections") || row ||
           (line.starts_with("Proto ") && line.find("Path") == std::string_view::npos);
}

base::Result<SocketList> read_netstat(const Text& text, SnapshotChoice choice) {
    return read_table(text, std::make_shared<NetstatDialect>(), choice);
}

std::string_view foreign_system(std::string_view text) {
    constexpr std::size_t enough = 16384;
    text = text.substr(0, enough);
    const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
    if (has("Active Connections") || has("\n  TCP    ") || has("LocalAddress ")) {
        return "Windows";
    }
    if (has("rhiwat") || has("tcp46 ")) {
        return "macOS";
    }
    if (has("\ntcp4 ") || (has("(state)") && has("including servers")) || text.starts_with("tcp4 ")) {
        return "FreeBSD, macOS or AIX";
    }
    if (has("TCP: IPv4") && has("Swind")) {
        return "Solaris";
    }
    return {};
}

} // namespace replay
