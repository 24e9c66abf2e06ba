#include "kernel/ss_text.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/ss_details.h"
#include "kernel/text_end_point.h"

#include <algorithm>
#include <map>

namespace kernel {
namespace {

using base::Gap;
using base::Why;
using snapshot::Family;
using snapshot::Socket;
using snapshot::State;

constexpr std::string_view ss_name = "the text of ss";

/// "127.0.0.1:80" and the columns before it: what every row has.
struct Row {
    State state = State::close;
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

Kind take_columns(std::string_view line, Row& row) {
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

class Reader {
  public:
    explicit Reader(std::string_view text)
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
                details_.append(" ").append(line);
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
        Row row;
        const Kind kind = take_columns(line, row);
        if (kind == Kind::other) {
            return;
        }
        Socket socket;
        const std::string wrong = kind == Kind::tcp
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
    std::string take(const Row& row, Socket& socket) {
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
            return "'" + base::printable(text.substr(0, 60)) + "' has no address in numbers (ss -n writes it)";
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
    Row row;
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
    return Reader(text).read();
}

} // namespace kernel
