#include "replay/ss.h"

#include "base/number.h"
#include "base/text.h"
#include "replay/ss_details.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

namespace replay {

namespace {

using snapshot::Address;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;

constexpr std::string_view ss_name = "the text of ss";

std::string_view without_blanks(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
}

bool is_ss_heading(std::string_view line) {
    return line.starts_with("State ") || line.starts_with("State\t") || line.starts_with("Netid ") ||
           (line.starts_with("Recv-Q") && line.find("Peer Address") != std::string_view::npos);
}

bool contains(std::string_view text, std::string_view part) {
    return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

/// "127.0.0.1:80" and the columns before it: what every row has.
struct SsColumns {
    TcpState state = TcpState::close;
    std::string_view recv_q, send_q, local, peer;
    std::string_view rest; // after the peer
};

enum class Kind { tcp, other, nonsense };

Kind take_columns(std::string_view line, SsColumns& row) {
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

std::optional<std::uint32_t> number_32(std::string_view text) {
    const auto number = base::parse_unsigned(text);
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

/// Where `cut -c` or a terminal ended all lines, heading and rows alike, some of them within an end point; 0
/// if none did. ss fills its rows with blanks.
std::size_t width_of_cut_lines(std::string_view text) {
    constexpr std::size_t enough = 64;
    constexpr std::size_t no_accident = 3;
    Lines lines(text);
    std::string_view line;
    std::size_t width = 0;
    std::size_t rows = 0;
    bool within = false;
    while (rows < enough && lines.next(line)) {
        SsColumns columns;
        if (is_ss_heading(line)) {
            width = line.size();
        } else if (width > 0 && take_columns(line, columns) == Kind::tcp) {
            if (line.size() != width) {
                return 0;
            }
            ++rows;
            within = within || columns.peer.data() + columns.peer.size() == line.data() + width;
        }
    }
    return within && rows >= no_accident ? width : 0;
}

class SsDialect : public Dialect {
  public:
    explicit SsDialect(std::string_view text) : text_(text), cut_width_(width_of_cut_lines(text)) {}

    LineKind read(std::string_view line, Row& row) override {
        const std::string_view inner = without_blanks(line);
        if (is_ss_heading(inner)) {
            has_states_ = !inner.starts_with("Recv-Q");
            return LineKind::heading;
        }
        SsColumns columns;
        if (!has_states_ && read_stateless(inner, columns)) {
            return take(columns, row);
        }
        const Kind kind = take_columns(inner, columns);
        if (kind == Kind::tcp) {
            const LineKind taken = take(columns, row);
            const bool cut = line.size() == cut_width_ && !columns.peer.empty() &&
                             columns.peer.data() + columns.peer.size() == line.data() + line.size();
            return taken == LineKind::row && cut ? cut_end(columns.peer, row) : taken;
        }
        if (kind == Kind::other) {
            return LineKind::other_row;
        }
        if (is_ss_detail(inner)) {
            return LineKind::detail;
        }
        row.ends = {};
        row.wrong = has_states_ ? "'" + base::printable(inner.substr(0, 40)) + "' is no row of ss"
                                : "the rows have no state, as of 'ss state ...': run ss -tan";
        return has_end_point(inner) ? LineKind::broken : LineKind::stranger;
    }

    void complete(std::string_view details, Socket& socket) override { details_.take(details, socket); }
    void restart() override { has_states_ = true; }
    bool has_identities() const override { return details_.has_identities(); }
    void conclude(SocketList& list) override { details_.conclude(list); }
    std::string_view name() const override { return ss_name; }

  private:
    /// `ss -tan state time-wait` leaves that column out; the command above the table may tell it.
    bool read_stateless(std::string_view line, SsColumns& row) {
        if (!asked_) {
            asked_ = asked_state();
        }
        if (!*asked_) {
            return false;
        }
        row.state = **asked_;
        row.recv_q = next_word(line);
        row.send_q = next_word(line);
        row.local = next_word(line);
        row.peer = next_word(line);
        row.rest = line;
        return number_32(row.recv_q) && number_32(row.send_q) && !row.peer.empty();
    }

    /// Of the one command in the text; none if there are several, or none.
    std::optional<TcpState> asked_state() const {
        constexpr std::string_view option = " state ";
        const std::size_t at = text_.find(option);
        if (at == std::string_view::npos || text_.find(option, at + 1) != std::string_view::npos) {
            return std::nullopt;
        }
        std::string_view rest = text_.substr(at + option.size(), 100);
        std::string name(next_word(rest));
        name.resize(std::min(name.find_first_of("\r\n"), name.size()));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        return state_named(name == "LISTENING" ? "LISTEN" : name);
    }

    LineKind take(const SsColumns& columns, Row& row) {
        Socket& socket = row.socket;
        socket = Socket();
        socket.state = columns.state;
        row.details = columns.rest;
        row.ends = std::string_view(
            columns.local.data(),
            static_cast<std::size_t>(columns.peer.data() + columns.peer.size() - columns.local.data()));
        const auto recv_q = number_32(columns.recv_q);
        const auto send_q = number_32(columns.send_q);
        if (!recv_q || !send_q) {
            row.wrong = "Recv-Q and Send-Q are no numbers";
            return LineKind::broken;
        }
        socket.rqueue = *recv_q;
        socket.wqueue = *send_q;
        LineKind kind = take_end(columns.local, row, socket.local, socket.local_port);
        if (kind == LineKind::row) {
            const Family family = socket.family;
            kind = take_end(columns.peer, row, socket.remote, socket.remote_port);
            if (kind == LineKind::row && socket.family != family) {
                row.wrong = "its ends have different families";
                return LineKind::broken;
            }
        }
        return kind;
    }

    static LineKind wrong_end(std::string_view text, Row& row) {
        const bool name = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'g' && c <= 'z'; });
        row.wrong = "'" + base::printable(text.substr(0, 60)) +
                    (name ? "' is a name (ss -n writes numbers)" : "' is no address and port");
        return name ? LineKind::named : LineKind::broken;
    }

    LineKind cut_end(std::string_view text, Row& row) const {
        row.wrong = "'" + base::printable(text.substr(0, 60)) + "' is perhaps cut: all lines end at column " +
                    std::to_string(cut_width_);
        return LineKind::named;
    }

    LineKind take_end(std::string_view text, Row& row, Address& address, std::uint16_t& port) {
        const auto end = split_end_point(text);
        const auto number = end ? port_of(end->port) : std::nullopt;
        if (!number) {
            return wrong_end(text, row);
        }
        port = *number;
        Socket& socket = row.socket;
        if (!end->device.empty()) {
            socket.device = device_of(end->device);
        }
        if (const auto quad = dotted_quad(end->address)) {
            address = *quad;
            socket.family = Family::ipv4;
            return LineKind::row;
        }
        if (end->address == "*") {
            const bool v4 = star_is_v4();
            socket.family = v4 ? Family::ipv4 : Family::ipv6;
            address = v4 ? *Address::parse("0.0.0.0") : Address();
            socket.v6_only = v4 ? std::nullopt : std::optional(false);
            return LineKind::row;
        }
        const auto parsed = Address::parse(end->address);
        if (!parsed) {
            return wrong_end(text, row);
        }
        address = *parsed;
        socket.family = end->address.find(':') == std::string_view::npos ? Family::ipv4 : Family::ipv6;
        if (end->brackets && address == Address() && !socket.v6_only) {
            socket.v6_only = true; // ss prints one that takes IPv4, too, as "*"
        }
        return LineKind::row;
    }

    /// Before iproute2 4.18; since then it is IPv6 that takes IPv4, too.
    bool star_is_v4() {
        if (!star_is_v4_) {
            star_is_v4_ = contains(text_, ":::") && !contains(text_, "[::");
        }
        return *star_is_v4_;
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

    std::string_view text_;
    std::size_t cut_width_;
    bool has_states_ = true;
    std::optional<std::optional<TcpState>> asked_;
    std::optional<bool> star_is_v4_;
    std::map<std::string, std::uint32_t, std::less<>> devices_;
    SsDetails details_;
};

} // namespace

bool looks_like_ss(std::string_view line) {
    SsColumns columns;
    const std::string_view inner = without_blanks(line);
    return is_ss_heading(inner) || (take_columns(inner, columns) != Kind::nonsense && !columns.peer.empty());
}

base::Result<SocketList> read_ss(const Text& text, SnapshotChoice choice) {
    return read_table(text, std::make_shared<SsDialect>(text.bytes), choice);
}

} // namespace replay
