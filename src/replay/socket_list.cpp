#include "replay/socket_list.h"

#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "snapshot/census.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace replay {

using snapshot::Socket;
using snapshot::TcpState;

std::size_t SocketList::size() const {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

std::optional<base::Gap> partial(const snapshot::StateCounts& counts) {
    const std::uint32_t listening = counts[static_cast<std::size_t>(TcpState::listen)];
    const std::size_t all = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
    if (listening > 0 && listening < all) {
        return std::nullopt;
    }
    return base::Gap{"the socket table", base::Why::truncated,
                     all == 0         ? "no socket in it"
                     : listening == 0 ? "no listening socket in it, as without -a"
                                      : "only listening sockets in it, as with -l"};
}

void InventedInodes::see(const Socket& socket) {
    if (socket.state == TcpState::listen && socket.rqueue > 0) {
        waited_at_.insert(socket.local_port);
    }
}

void InventedInodes::give(Socket& socket) {
    const bool may_wait = socket.rqueue > 0 && waited_at_.contains(socket.local_port);
    const bool held = socket.state == TcpState::listen || (socket.state == TcpState::close_wait && !may_wait);
    if (socket.inode == 0 && held) {
        socket.inode = ++next_;
    }
}

void Timers::add(Socket& socket) {
    if (socket.timer != snapshot::Timer::none) {
        seen_ = true;
    } else if (socket.state == TcpState::time_wait) {
        missing_ = true;
        socket.expires_ms = snapshot::time_wait_ms;
    } else if (socket.state == TcpState::syn_sent) {
        missing_ = true;
    } else if (socket.state == TcpState::established && socket.wqueue > 0) {
        doubtful_ = true;
    }
}

std::optional<base::Gap> Timers::gap(std::string why) const {
    if (!missing_ && (seen_ || !doubtful_)) {
        return std::nullopt;
    }
    return base::Gap{"the timers", base::Why::not_collected, std::move(why)};
}

std::optional<TextEndPoint> split_end_point(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    TextEndPoint end;
    end.port = text.substr(colon + 1);
    end.address = text.substr(0, colon);
    if (const std::size_t percent = end.address.rfind('%'); percent != std::string_view::npos) {
        end.device = end.address.substr(percent + 1);
        end.address = end.address.substr(0, percent);
        if (end.device.ends_with(']')) { // "[fe80::1%eth0]"
            end.device.remove_suffix(1);
            end.address.remove_prefix(end.address.starts_with('[') ? 1 : 0);
        }
    }
    if (end.address.starts_with('[') && end.address.ends_with(']')) {
        end.brackets = true;
        end.address = end.address.substr(1, end.address.size() - 2);
    }
    return end;
}

bool has_end_point(std::string_view line) {
    const auto is_part_of_address = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '.' || c == ':' || c == ']' ||
               c == '*';
    };
    const auto is_port = [](char c) { return (c >= '0' && c <= '9') || c == '*'; };
    while (!line.empty()) {
        const std::string_view word = next_word(line);
        const std::size_t colon = word.rfind(':');
        const bool whole = colon != std::string_view::npos && colon > 0 && colon + 1 < word.size();
        if (!whole || !is_part_of_address(word[colon - 1]) || !is_port(word[colon + 1])) {
            continue;
        }
        constexpr std::ptrdiff_t more_than_a_time = 4;
        if (word.find('.') < colon || word[colon - 1] == ']' || word[colon - 1] == '*' ||
            word.find("::") != std::string_view::npos ||
            std::count(word.begin(), word.end(), ':') >= more_than_a_time) {
            return true;
        }
    }
    return false;
}

std::optional<snapshot::Address> dotted_quad(std::string_view text) {
    std::array<std::uint8_t, 4> bytes{};
    std::size_t part = 0;
    unsigned value = 0;
    int digits = 0;
    for (const char c : text) {
        if (c >= '0' && c <= '9') {
            const bool after_zero = digits > 0 && value == 0; // some take such numbers for octal ones
            value = value * 10 + static_cast<unsigned>(c - '0');
            if (++digits > 3 || value > 255 || after_zero) {
                return std::nullopt;
            }
        } else if (c == '.' && digits > 0 && part < 3) {
            bytes[part++] = static_cast<std::uint8_t>(value);
            value = 0;
            digits = 0;
        } else {
            return std::nullopt;
        }
    }
    if (part != 3 || digits == 0) {
        return std::nullopt;
    }
    bytes[3] = static_cast<std::uint8_t>(value);
    return snapshot::Address::v4(bytes.data());
}

namespace {

using Services = std::map<std::string, std::uint16_t, std::less<>>;

/// The names of TCP ports in a file such as /etc/services: "https  443/tcp  alias".
Services parse_services(std::string_view text) {
    Services services;
    for (std::string_view line : base::split(text, '\n')) {
        line = line.substr(0, line.find('#'));
        const auto words = base::words(line);
        if (words.size() < 2 || !words[1].ends_with("/tcp")) {
            continue;
        }
        if (const auto port = base::parse_port(words[1].substr(0, words[1].size() - 4))) {
            services.emplace(words[0], *port);
            for (std::size_t alias = 2; alias < words.size(); ++alias) {
                services.emplace(words[alias], *port);
            }
        }
    }
    return services;
}

std::optional<std::uint16_t> service_named(std::string_view name) {
    static const Services services = [] {
        const auto text = base::read_file("/etc/services", std::size_t{1} << 20);
        return text ? parse_services(*text) : Services();
    }();
    const auto found = services.find(name);
    return found != services.end() ? std::optional(found->second) : std::nullopt;
}

} // namespace

std::optional<std::uint16_t> port_of(std::string_view text) {
    if (text == "*") {
        return 0;
    }
    std::uint32_t port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            const bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
            return name ? service_named(text) : std::nullopt;
        }
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
        if (port > 65535) {
            return std::nullopt;
        }
    }
    return text.empty() ? std::nullopt : std::optional(static_cast<std::uint16_t>(port));
}

std::optional<TcpState> state_named(std::string_view name) {
    constexpr auto names = std::to_array<std::pair<std::string_view, TcpState>>({
        {"ESTAB", TcpState::established},
        {"TIME_WAIT", TcpState::time_wait},
        {"LISTEN", TcpState::listen},
        {"ESTABLISHED", TcpState::established},
        {"CLOSE_WAIT", TcpState::close_wait},
        {"SYN_SENT", TcpState::syn_sent},
        {"SYN_RECV", TcpState::syn_recv},
        {"NEW_SYN_RECV", TcpState::syn_recv},
        {"FIN_WAIT_1", TcpState::fin_wait1},
        {"FIN_WAIT1", TcpState::fin_wait1},
        {"FIN_WAIT_2", TcpState::fin_wait2},
        {"FIN_WAIT2", TcpState::fin_wait2},
        {"LAST_ACK", TcpState::last_ack},
        {"CLOSING", TcpState::closing},
        {"UNCONN", TcpState::bound},
        {"CLOSE", TcpState::close},
        {"CLOSED", TcpState::close},
        {"BOUND_INACTIVE", TcpState::bound},
        // as net-tools and busybox say it in German, Spanish and Portuguese
        {"VERBUNDEN", TcpState::established},
        {"ESTABLECIDO", TcpState::established},
        {"ESCUCHAR", TcpState::listen},
        {"ESTABELECIDA", TcpState::established},
        {"OUÇA", TcpState::listen},
    });
    if (name == "TIME-WAIT") { // most of a large text
        return TcpState::time_wait;
    }
    const auto same = [](char a, char b) { return a == b || (a == '-' && b == '_'); };
    for (const auto& [known, state] : names) {
        if (known.size() == name.size() && std::equal(name.begin(), name.end(), known.begin(), same)) {
            return state;
        }
    }
    return std::nullopt;
}

std::string_view next_word(std::string_view& text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    std::size_t start = 0;
    while (start < text.size() && blank(text[start])) {
        ++start;
    }
    std::size_t end = start;
    while (end < text.size() && !blank(text[end])) {
        ++end;
    }
    const std::string_view word = text.substr(start, end - start);
    text.remove_prefix(end);
    return word;
}

void Complaints::add(std::size_t line, std::string what) {
    if (++count_ == 1) {
        first_ = fmt::format("line {}: {}", line, what);
    }
}

void Complaints::add(const Complaints& others) {
    if (count_ == 0) {
        first_ = others.first_;
    }
    count_ += others.count_;
}

std::string Complaints::text() const {
    return count_ > 1 ? fmt::format("{} (and {} more lines)", first_, count_ - 1) : first_;
}

} // namespace replay
