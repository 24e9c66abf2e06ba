#include "replay/ss_details.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>

namespace replay {

namespace {

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

} // namespace

void SsDetails::take(std::string_view details, Socket& socket) {
    if (details.find_first_not_of(" \t") == none) {
        return;
    }
    const std::string_view rest = take_users(details);
    take_timer(rest, socket);
    take_identity(rest, socket);
    take_cgroup(rest, socket);
    take_activity(rest, socket);
}

/// users:(("name",pid=1,fd=2),...), before iproute2 4.0 users:(("name",1,2),...), and what follows it. A name
/// may hold all of this but has 15 bytes, so the end is the last one.
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
    torn_ = torn_ || first.find(" ino:") != none || first.find(" sk:") != none;
    const auto number_after = [&](std::size_t from, std::string_view key) {
        return leading_number(first.substr(from).substr(key.size()));
    };
    std::size_t pid = first.find("\",pid=");
    std::size_t pid_digits = pid + 6;
    if (pid == none) {
        pid = first.find("\",");
        pid_digits = pid + 2;
    }
    if (pid != none) {
        const auto pid_number = number_after(pid_digits, "");
        std::size_t descriptor = first.find(',', pid_digits);
        const auto fd_number = descriptor == none ? std::nullopt
                               : first.substr(descriptor).starts_with(",fd=")
                                   ? number_after(descriptor, ",fd=")
                                   : number_after(descriptor, ",");
        if (pid_number && *pid_number > 0 && fd_number) {
            holders_.found(std::string(first.substr(0, pid)), *pid_number, *fd_number);
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
    const std::size_t cookie = before.find(" sk:");
    identities_ = identities_ || cookie != none;
    torn_ = torn_ || (cookie != none && before.find(" sk:", cookie + 1) != none);
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

void SsDetails::conclude(SocketList& list) {
    list.provenance.has_users = identities_;
    if (torn_ && !list.lost) {
        list.lost = base::Gap{"the socket table", base::Why::truncated,
                              "a row has the details of two sockets: something is missing"};
    }
    for (const auto& [path, number] : cgroups_) {
        list.cgroups.emplace(number, path);
    }
    list.holders = holders_.any() ? holders_.name(list, "ss -p names no more processes")
                                  : no_holders("ss without -p, or without root, names no process");
}

bool is_ss_detail(std::string_view line) {
    constexpr auto marks = std::to_array<std::string_view>(
        {"skmem:(", "mem:(", "users:((", "timer:(", "cwnd:", " rto:", " mss:", "wscale:", "ino:", "cgroup:/",
         "uid:", "sk:", "bytes_", "segs_", "inet-sockopt:", "tcp-ulp", "lastrcv:", "ts sack", "rcv_"});
    return std::any_of(marks.begin(), marks.end(),
                       [&](std::string_view mark) { return line.find(mark) != none; });
}

} // namespace replay
