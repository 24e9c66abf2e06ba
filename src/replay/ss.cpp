#include "replay/ss.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <string>

namespace replay {

namespace {

using base::Gap;
using base::Why;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;
using snapshot::Timer;

constexpr auto none = std::string_view::npos;

/// The digits at the start of `text`; none if there are none or too many.
std::optional<std::uint32_t> leading_number(std::string_view text) {
    const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = base::parse_unsigned(text.substr(0, length));
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

/// The number after " KEY:" where it first stands.
std::optional<std::uint32_t> number_of(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    return at == none ? std::nullopt : leading_number(text.substr(at + key.size()));
}

/// The same where it last stands: behind whatever a control group may be called.
std::optional<std::uint32_t> last_number_of(std::string_view text, std::string_view key) {
    const std::size_t at = text.rfind(key);
    return at == none ? std::nullopt : leading_number(text.substr(at + key.size()));
}

/// "1min54sec", "54sec", "5.316ms", "020ms" or nothing, as print_ms_timer() of ss writes milliseconds. Whole
/// seconds were cut: the middle would move entries into TIME_WAIT by half a second, so it is the most that
/// they can be.
std::optional<std::uint32_t> milliseconds(std::string_view text) {
    constexpr std::uint64_t most = UINT32_MAX;
    std::uint64_t all = 0;
    bool cut = false;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
        const auto number = base::parse_unsigned(text.substr(0, length));
        if (!number || *number > most) {
            return std::nullopt;
        }
        text.remove_prefix(length);
        std::uint64_t unit = 0;
        if (text.starts_with("min")) {
            unit = 60'000;
            cut = true;
            text.remove_prefix(3);
        } else if (text.starts_with("sec")) {
            unit = 1000;
            cut = true;
            text.remove_prefix(3);
        } else if (text.starts_with("ms")) {
            unit = 1;
            cut = false;
            text.remove_prefix(2);
        } else if (text.starts_with(".")) {
            unit = 1000;
            text.remove_prefix(1);
        } else {
            return std::nullopt;
        }
        all += *number * unit;
    }
    return static_cast<std::uint32_t>(std::min(all + (cut ? 999 : 0), most));
}

Timer timer_named(std::string_view name) {
    return name == "on"          ? Timer::retransmit
           : name == "keepalive" ? Timer::keepalive
           : name == "timewait"  ? Timer::time_wait
           : name == "persist"   ? Timer::probe
                                 : Timer::none;
}

/// What ss says of a socket after its end points: users:((...)), timer:(...), uid:, ino:, cgroup: and the
/// tcp_info of -i. Names in it are anybody's choice, so each thing is looked for only where ss prints it.
class SsDetails {
  public:
    /// Fills the socket from the rest of its lines.
    void take(std::string_view details, snapshot::Socket& socket);

    /// Fills what all the lines together tell, or do not.
    void conclude(SocketList& list);

  private:
    std::string_view take_users(std::string_view details);
    void take_timer(std::string_view details, snapshot::Socket& socket);
    void take_identity(std::string_view details, snapshot::Socket& socket);
    void take_cgroup(std::string_view details, snapshot::Socket& socket);
    void take_activity(std::string_view details, snapshot::Socket& socket);
    void name_holders(SocketList& list);

    struct User {
        std::string command;
        std::uint32_t pid = 0;
        std::uint32_t descriptor = 0;
    };
    std::size_t number_ = 0;            // of the socket, counted from 0
    std::map<std::size_t, User> users_; // by the number of the socket
    std::map<std::string, std::uint64_t, std::less<>> cgroups_;
    bool identities_ = false; // some line has what -e prints
    Timers timers_;
};

void SsDetails::take(std::string_view details, Socket& socket) {
    const std::string_view rest = take_users(details);
    take_timer(rest, socket);
    take_identity(rest, socket);
    take_cgroup(rest, socket);
    take_activity(rest, socket);
    timers_.add(socket);
    ++number_;
}

/// users:(("name",pid=1,fd=2),...) and what follows it. A name may hold all of this but has 15 bytes, so the
/// end is the last one.
std::string_view SsDetails::take_users(std::string_view details) {
    constexpr std::string_view start = "users:((\"";
    const std::size_t at = details.find(start);
    if (at == none || details.substr(0, at).find_first_not_of(" \t") != none) {
        return details;
    }
    const std::size_t end = details.rfind("))", details.find('\t'));
    if (end == none || end < at) {
        return details;
    }
    const std::string_view first = details.substr(at + start.size(), end - at - start.size());
    const std::size_t pid = first.find("\",pid=");
    const std::size_t descriptor = first.find(",fd=", pid);
    if (pid != none && descriptor != none) {
        const auto pid_number = leading_number(first.substr(pid + 6));
        const auto fd_number = leading_number(first.substr(descriptor + 4));
        if (pid_number && *pid_number > 0 && fd_number) {
            users_[number_] = {std::string(first.substr(0, pid)), *pid_number, *fd_number};
        }
    }
    return details.substr(end + 2);
}

void SsDetails::take_timer(std::string_view details, Socket& socket) {
    constexpr std::string_view start = "timer:(";
    const std::size_t at = details.find(start);
    const std::size_t cgroup = details.find(" cgroup:");
    if (at == none || at > cgroup) {
        return;
    }
    const std::string_view inside =
        details.substr(at + start.size(), details.find(')', at) - at - start.size());
    const auto parts = base::split(inside, ',');
    if (parts.size() != 3) {
        return;
    }
    const auto left = milliseconds(parts[1]);
    const auto retries = base::parse_unsigned(parts[2]);
    if (!left || !retries) {
        return;
    }
    socket.timer = timer_named(parts[0]);
    socket.expires_ms = *left;
    socket.retransmits = static_cast<std::uint8_t>(std::min<std::uint64_t>(*retries, 255));
}

void SsDetails::take_identity(std::string_view details, Socket& socket) {
    const std::string_view before = details.substr(0, details.find(" cgroup:"));
    identities_ = identities_ || before.find(" sk:") != none;
    socket.uid = number_of(before, " uid:").value_or(0);
    socket.inode = number_of(before, " ino:").value_or(0);
}

void SsDetails::take_cgroup(std::string_view details, Socket& socket) {
    constexpr std::string_view start = " cgroup:/";
    const std::size_t at = details.find(start);
    if (at == none) {
        return;
    }
    const std::string_view from = details.substr(at + start.size() - 1);
    std::size_t end = from.size();
    for (const std::string_view mark : {" v6only:", " <->", " -->", " <--", " ---", "\t"}) {
        end = std::min(end, from.find(mark));
    }
    const std::string_view path = base::trim(from.substr(0, end));
    constexpr std::uint64_t first = 1'000'000; // numbers of the list's own, none of them that of the root
    const auto found = cgroups_.find(path);
    socket.cgroup = path == "/"               ? snapshot::root_cgroup
                    : found != cgroups_.end() ? found->second
                                              : cgroups_.emplace(path, first + cgroups_.size()).first->second;
}

void SsDetails::take_activity(std::string_view details, Socket& socket) {
    if (socket.state == TcpState::close_wait && last_number_of(details, " cwnd:")) {
        const auto ms = [&](std::string_view key) { return last_number_of(details, key).value_or(0); };
        socket.activity = snapshot::Activity{ms(" lastsnd:"), ms(" lastrcv:"), ms(" lastack:"), false};
    }
}

void SsDetails::name_holders(SocketList& list) {
    std::map<std::uint32_t, User> by_inode;
    for (const auto& [number, user] : users_) {
        if (number < list.sockets.size() && list.sockets[number].inode != 0) {
            by_inode.emplace(list.sockets[number].inode, user);
        }
    }
    snapshot::Holders& holders = list.holders.emplace();
    std::map<std::uint32_t, std::uint32_t> processes; // by pid
    for (const auto& [inode, user] : by_inode) {
        const auto [place, added] =
            processes.try_emplace(user.pid, static_cast<std::uint32_t>(holders.processes.size()));
        if (added) {
            snapshot::Process process;
            process.pid = user.pid;
            process.command = user.command;
            holders.processes.push_back(std::move(process));
        }
        holders.sockets.push_back({inode, place->second, user.descriptor});
    }
    holders.unseen = Gap{"who holds the sockets", Why::not_collected, "ss -p names no more processes"};
}

void SsDetails::conclude(SocketList& list) {
    list.provenance.no_timers = timers_.gap("the text of ss without -o does not tell them");
    if (!identities_) {
        list.provenance.has_users = false;
        invent_inodes(list.sockets);
    }
    for (const auto& [path, number] : cgroups_) {
        list.cgroups.emplace(number, path);
    }
    if (!users_.empty()) {
        name_holders(list);
    }
}

constexpr std::string_view ss_name = "the text of ss";
constexpr std::size_t most_details = 65536; // of one socket; ss writes some hundred bytes

/// "127.0.0.1:80" and the columns before it: what every row has.
struct SsRow {
    TcpState state = TcpState::close;
    std::string_view recv_q, send_q, local, peer;
    std::string_view rest; // after the peer
};

std::string_view next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    return word;
}

enum class Kind { tcp, other, nonsense };

Kind take_columns(std::string_view line, SsRow& row) {
    std::string_view word = next_word(line);
    auto state = state_named(word);
    if (!state) {
        const bool tcp = word == "tcp";
        state = state_named(next_word(line));
        if (!tcp) {
            return state ? Kind::other : Kind::nonsense;
        }
    }
    if (!state) {
        return Kind::nonsense;
    }
    row.state = *state;
    row.recv_q = next_word(line);
    row.send_q = next_word(line);
    row.local = next_word(line);
    row.peer = next_word(line);
    row.rest = line;
    return Kind::tcp;
}

bool is_heading(std::string_view line) {
    return line.starts_with("State ") || line.starts_with("Netid ");
}

class SsReader {
  public:
    explicit SsReader(std::string_view text)
        : text_(text), star_is_v4_(text.find(":::") != std::string_view::npos &&
                                   text.find("[::") == std::string_view::npos) {}

    base::Result<SocketList> read() {
        std::size_t number = 0;
        std::string_view line;
        while (next_line(line)) {
            ++number;
            if (base::trim(line).empty()) {
                continue;
            }
            if (line.front() == ' ' || line.front() == '\t') {
                if (details_.size() < most_details) {
                    details_.append(" ").append(line.substr(0, most_details));
                }
                continue;
            }
            finish();
            if (!is_heading(line)) {
                start(line, number);
            }
        }
        finish();
        return result();
    }

  private:
    bool next_line(std::string_view& line) {
        if (text_.empty()) {
            return false;
        }
        const std::size_t end = std::min(text_.find('\n'), text_.size());
        line = text_.substr(0, end);
        text_.remove_prefix(std::min(end + 1, text_.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        return true;
    }

    void start(std::string_view line, std::size_t number) {
        SsRow row;
        const Kind kind = take_columns(line, row);
        if (kind == Kind::other) {
            return;
        }
        Socket socket;
        const std::string wrong = list_.sockets.size() >= most_sockets ? too_many_sockets
                                  : kind == Kind::tcp
                                      ? take(row, socket)
                                      : "'" + base::printable(line.substr(0, 40)) + "' is no row of ss";
        if (!wrong.empty()) {
            complaints_.add(number, wrong);
            return;
        }
        list_.sockets.push_back(socket);
        details_ = row.rest;
        open_ = true;
    }

    /// What is wrong with the row; empty if nothing is.
    std::string take(const SsRow& row, Socket& socket) {
        socket.state = row.state;
        const auto recv_q = base::parse_unsigned(row.recv_q);
        const auto send_q = base::parse_unsigned(row.send_q);
        if (!recv_q || !send_q || *recv_q > UINT32_MAX || *send_q > UINT32_MAX) {
            return "Recv-Q and Send-Q are no numbers";
        }
        socket.rqueue = static_cast<std::uint32_t>(*recv_q);
        socket.wqueue = static_cast<std::uint32_t>(*send_q);
        std::string wrong = take_end(row.local, socket, socket.local, socket.local_port);
        if (wrong.empty()) {
            const Family family = socket.family;
            wrong = take_end(row.peer, socket, socket.remote, socket.remote_port);
            if (wrong.empty() && socket.family != family) {
                wrong = "its ends have different families";
            }
        }
        return wrong;
    }

    std::string take_end(std::string_view text, Socket& socket, snapshot::Address& address,
                         std::uint16_t& port) {
        const auto end = split_end_point(text);
        const auto number = end ? port_of(end->port) : std::nullopt;
        if (!number) {
            return "'" + base::printable(text.substr(0, 60)) + "' has no port number (ss -n writes it)";
        }
        port = *number;
        if (!end->device.empty()) {
            socket.device = device_of(end->device);
        }
        if (end->address == "*") {
            socket.family = star_is_v4_ ? Family::ipv4 : Family::ipv6;
            address = star_is_v4_ ? *snapshot::Address::parse("0.0.0.0") : snapshot::Address();
            socket.v6_only = star_is_v4_ ? std::nullopt : std::optional(false);
            return {};
        }
        const auto parsed = snapshot::Address::parse(end->address);
        if (!parsed) {
            return "'" + base::printable(text.substr(0, 60)) +
                   "' has no address in numbers (ss -n writes it)";
        }
        address = *parsed;
        socket.family = end->address.find(':') == std::string_view::npos ? Family::ipv4 : Family::ipv6;
        if (end->brackets && address == snapshot::Address() && !socket.v6_only) {
            socket.v6_only = true; // ss prints one that takes IPv4, too, as "*"
        }
        return {};
    }

    /// ss tells names and no numbers: these are the list's own.
    std::uint32_t device_of(std::string_view name) {
        constexpr std::uint32_t first = 1000;
        if (name == "lo") {
            return 1;
        }
        const auto number = static_cast<std::uint32_t>(first + devices_.size());
        return devices_.try_emplace(std::string(name), number).first->second;
    }

    void finish() {
        if (open_) {
            details_reader_.take(details_, list_.sockets.back());
        }
        open_ = false;
        details_.clear();
    }

    base::Result<SocketList> result() {
        if (list_.sockets.empty() && !complaints_.empty()) {
            return base::Error{complaints_.text()};
        }
        list_.provenance.name = ss_name;
        if (!complaints_.empty()) {
            list_.lost = Gap{"the socket table", Why::truncated, complaints_.text()};
        } else {
            list_.lost = partial(list_.sockets);
        }
        details_reader_.conclude(list_);
        return std::move(list_);
    }

    std::string_view text_;
    bool star_is_v4_; // before iproute2 4.18; since then it is IPv6 that takes IPv4, too
    SocketList list_;
    std::map<std::string, std::uint32_t, std::less<>> devices_;
    Complaints complaints_;
    std::string details_; // of the last socket, until it is finished
    bool open_ = false;
    SsDetails details_reader_;
};

} // namespace

bool looks_like_ss(std::string_view text) {
    SsRow row;
    for (int line = 0; line < 5 && !text.empty(); ++line) {
        const std::string_view first = text.substr(0, text.find('\n'));
        if (is_heading(first) || take_columns(first, row) != Kind::nonsense) {
            return true;
        }
        text.remove_prefix(std::min(first.size() + 1, text.size()));
    }
    return false;
}

base::Result<SocketList> read_ss(std::string_view text) {
    return SsReader(text).read();
}

} // namespace replay
