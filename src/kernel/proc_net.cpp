#include "kernel/proc_net.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

namespace {

using base::Gap;
using base::Why;
using snapshot::Counter;

std::string key_of(std::string_view file, std::string_view prefix, std::string_view name) {
    std::string key(file);
    key.append(".").append(prefix).append(".").append(name);
    return key;
}

void set(Counter counter, std::string_view value, snapshot::Counters& counters) {
    if (const auto number = base::parse_unsigned(value)) {
        counters.set(counter, *number);
    } else {
        counters.set_gap(counter.key(), {std::string(counter.key()), Why::failed,
                                         "holds '" + base::printable(value.substr(0, 40)) + "', no number"});
    }
}

void set_if_wanted(std::string_view key, std::string_view value, snapshot::Counters& counters) {
    if (const auto counter = Counter::find(key)) {
        set(*counter, value, counters);
    }
}

/// "TcpExt: a b" -> the words after the prefix; empty if the line does not start with "PREFIX:".
std::vector<std::string_view> values_of(std::string_view line, std::string_view prefix) {
    if (!line.starts_with(prefix) || line.substr(prefix.size(), 1) != ":") {
        return {};
    }
    return base::words(line.substr(prefix.size() + 1));
}

/// The prefixes of a file that hold anything wanted.
std::string_view prefix_in(std::string_view file) {
    return file == "netstat" ? "TcpExt" : file == "sockstat6" ? "TCP6" : file == "sockstat" ? "TCP" : "Tcp";
}

Gap malformed(std::string_view file, std::string_view detail) {
    return {"/proc/net/" + std::string(file), Why::failed, std::string(detail)};
}

std::optional<std::uint64_t> parse_hexadecimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

constexpr std::string_view file_nr = "/proc/sys/fs/file-nr";
constexpr std::string_view conntrack_file = "stat/nf_conntrack";
constexpr std::string_view conntrack_prefix = "conntrack.";
constexpr Counter conntrack_count = "conntrack.count"; // has a file of its own

/// Calls `visit` with each counter of conntrack_file.
template <typename Visitor>
void for_each_of_conntrack(Visitor&& visit) {
    Counter::for_each([&](Counter counter) {
        if (counter.key().starts_with(conntrack_prefix) && counter.number != conntrack_count.number) {
            visit(counter);
        }
    });
}

void set_conntrack_gap(snapshot::Counters& counters, const Gap& gap) {
    for_each_of_conntrack([&](Counter counter) { counters.set_gap(counter.key(), gap); });
}

void read_conntrack_count(Machine& machine, snapshot::Counters& counters) {
    if (const auto text = machine.read("/proc/sys/net/netfilter/nf_conntrack_count")) {
        set(conntrack_count, base::trim(*text), counters);
    } else {
        counters.set_gap(conntrack_count.key(), text.error());
    }
}

/// The sum of a column over all CPUs; an error names the line that has no number there.
base::Result<std::uint64_t> sum_of_column(std::span<const std::string_view> lines, std::size_t column) {
    std::uint64_t sum = 0;
    for (std::size_t line = 1; line < lines.size(); ++line) {
        const auto values = base::words(lines[line]);
        if (values.empty()) {
            continue;
        }
        const auto number = column < values.size() ? parse_hexadecimal(values[column]) : std::nullopt;
        if (!number) {
            return base::Error{"line " + std::to_string(line + 1) + " is broken"};
        }
        sum += *number;
    }
    return sum;
}

/// sockstat6 is missing where IPv6 is switched off.
enum class Presence { everywhere, with_ipv6 };

template <typename Parser>
void read_table(Machine& machine, std::string_view file, Presence presence, snapshot::Counters& counters,
                Parser parse) {
    if (const auto text = read_net_file(machine, file)) {
        parse(*text, file, counters);
    } else {
        Gap gap = text.error();
        if (gap.why == Why::absent && presence == Presence::everywhere) {
            gap.why = Why::failed;
            gap.detail = "not to be seen: is /proc hidden here?";
        }
        counters.set_gap(std::string(file) + ".", std::move(gap));
    }
}

} // namespace

snapshot::Reading<std::string> read_net_file(Machine& machine, std::string_view name) {
    // /proc/net is a link to the files of the main thread, which may be in another namespace
    auto content = machine.read("/proc/thread-self/net/" + std::string(name));
    if (!content && content.error().why == Why::absent) {
        return machine.read("/proc/self/net/" + std::string(name)); // before 3.17
    }
    return content;
}

void parse_name_value_pairs(std::string_view text, std::string_view file, snapshot::Counters& counters) {
    const std::string_view prefix = prefix_in(file);
    const auto lines = base::split(text, '\n');
    for (std::size_t i = 0; i + 1 < lines.size(); i += 2) {
        const auto names = values_of(lines[i], prefix);
        if (names.empty()) {
            continue;
        }
        const auto values = values_of(lines[i + 1], prefix);
        if (values.size() != names.size()) {
            counters.set_gap(std::string(file) + ".", malformed(file, "names and values do not match"));
            return;
        }
        for (std::size_t at = 0; at < names.size(); ++at) {
            set_if_wanted(key_of(file, prefix, names[at]), values[at], counters);
        }
        return;
    }
    counters.set_gap(std::string(file) + ".", malformed(file, "no line '" + std::string(prefix) + ":'"));
}

void parse_sockstat(std::string_view text, std::string_view file, snapshot::Counters& counters) {
    bool found = false;
    for (const std::string_view line : base::split(text, '\n')) {
        const std::string_view prefix = line.substr(0, line.find(':'));
        const auto values = values_of(line, prefix);
        for (std::size_t at = 0; at + 1 < values.size(); at += 2) {
            set_if_wanted(key_of(file, prefix, values[at]), values[at + 1], counters);
        }
        found = found || (prefix == prefix_in(file) && !values.empty());
    }
    if (found) {
        return;
    }
    const std::string_view prefix = prefix_in(file);
    counters.set_gap(std::string(file) + ".", malformed(file, "no line '" + std::string(prefix) + ":'"));
}

void parse_protocols(std::string_view text, snapshot::Counters& counters) {
    constexpr Counter all = "protocols.all.sockets";
    const auto lines = base::split(text, '\n');
    const auto names = base::words(lines.front());
    const auto at =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), "sockets") - names.begin());
    std::uint64_t sum = 0;
    for (std::size_t line = 1; line < lines.size(); ++line) {
        const auto values = base::words(lines[line]);
        if (values.empty()) {
            continue;
        }
        const auto number = at < values.size() ? base::parse_unsigned(values[at]) : std::nullopt;
        if (!number) {
            counters.set_gap(all.key(),
                             malformed("protocols", "line " + std::to_string(line + 1) + " is broken"));
            return;
        }
        sum += *number;
    }
    counters.set(all, sum);
}

void parse_conntrack_stat(std::string_view text, snapshot::Counters& counters) {
    const auto lines = base::split(text, '\n');
    const auto names = base::words(lines.front());
    for_each_of_conntrack([&](Counter counter) {
        const auto found =
            std::find(names.begin(), names.end(), counter.key().substr(conntrack_prefix.size()));
        if (found == names.end()) {
            return;
        }
        if (const auto sum = sum_of_column(lines, static_cast<std::size_t>(found - names.begin()))) {
            counters.set(counter, *sum);
        } else {
            counters.set_gap(counter.key(), malformed(conntrack_file, sum.error().what));
        }
    });
}

void parse_file_nr(std::string_view text, snapshot::Counters& counters) {
    const auto numbers = base::words(base::trim(text));
    const auto open = numbers.size() == 3 ? base::parse_unsigned(numbers[0]) : std::nullopt;
    const auto most = numbers.size() == 3 ? base::parse_unsigned(numbers[2]) : std::nullopt;
    if (!open || !most) {
        counters.set_gap("files.",
                         {std::string(file_nr), Why::failed,
                          "holds '" + base::printable(text.substr(0, 60)) + "', not three numbers"});
        return;
    }
    counters.set("files.open", *open);
    counters.set("files.max", *most);
}

snapshot::Counters read_counters(Machine& machine) {
    snapshot::Counters counters;
    read_table(machine, "netstat", Presence::everywhere, counters, parse_name_value_pairs);
    read_table(machine, "snmp", Presence::everywhere, counters, parse_name_value_pairs);
    read_table(machine, "sockstat", Presence::everywhere, counters, parse_sockstat);
    read_table(machine, "sockstat6", Presence::with_ipv6, counters, parse_sockstat);
    if (const auto text = read_net_file(machine, "protocols")) {
        parse_protocols(*text, counters);
    } else {
        counters.set_gap("protocols.", text.error());
    }
    read_conntrack_count(machine, counters);
    if (const auto text = read_net_file(machine, conntrack_file)) {
        parse_conntrack_stat(*text, counters);
    } else {
        set_conntrack_gap(counters, text.error());
    }
    if (const auto text = machine.read(std::string(file_nr))) {
        parse_file_nr(*text, counters);
    } else {
        counters.set_gap("files.", text.error());
    }
    return counters;
}

namespace {

/// Takes the line apart from left to right; one wrong piece spoils the rest.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool good() const { return good_; }
    void refuse() { good_ = false; }

    void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size())); }

    void expect(char wanted) {
        good_ = good_ && !text_.empty() && text_.front() == wanted;
        if (good_) {
            text_.remove_prefix(1);
        }
    }

    /// Exactly `digits` hexadecimal digits.
    std::uint32_t hexadecimal(std::size_t digits) { return number(text_.substr(0, digits), 16, digits); }

    /// As many digits as there are.
    std::uint32_t run(int radix) {
        const std::size_t length = std::min(text_.find_first_of(" :"), text_.size());
        return number(text_.substr(0, length), radix, length);
    }

  private:
    std::uint32_t number(std::string_view digits, int radix, std::size_t wanted) {
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, radix);
        good_ =
            good_ && error == std::errc{} && end == digits.data() + digits.size() && digits.size() == wanted;
        text_.remove_prefix(good_ ? wanted : 0);
        return value;
    }

    std::string_view text_;
    bool good_ = true;
};

/// The kernel prints each 32-bit word of the address as a number of its own byte order.
snapshot::Address read_address(Scanner& scanner, snapshot::Family family) {
    std::array<std::uint32_t, 4> words{};
    const std::size_t count = family == snapshot::Family::ipv4 ? 1 : 4;
    for (std::size_t i = 0; i < count; ++i) {
        words[i] = scanner.hexadecimal(8);
    }
    return family == snapshot::Family::ipv4 ? snapshot::Address::v4(words.data())
                                            : snapshot::Address::v6(words.data());
}

void read_end_point(Scanner& scanner, snapshot::Family family, snapshot::Address& address,
                    std::uint16_t& port) {
    scanner.skip_blanks();
    address = read_address(scanner, family);
    scanner.expect(':');
    port = static_cast<std::uint16_t>(scanner.hexadecimal(4));
}

/// "tr tm->when": the timer, and when it fires in ticks of USER_HZ, which is 100 on every architecture we run
/// on.
void read_timer(Scanner& scanner, snapshot::Socket& socket) {
    constexpr std::uint32_t ms_per_tick = 10;
    constexpr std::uint32_t most_ticks = 0xFFFFFFFF / ms_per_tick;
    scanner.skip_blanks();
    const std::uint32_t timer = scanner.hexadecimal(2);
    scanner.expect(':');
    const std::uint32_t ticks = scanner.run(16);
    if (timer > 4) {
        scanner.refuse();
        return;
    }
    socket.timer = static_cast<snapshot::Timer>(timer);
    socket.expires_ms = std::min(ticks, most_ticks) * ms_per_tick;
}

} // namespace

std::optional<snapshot::Socket> parse_proc_line(std::string_view line, snapshot::Family family) {
    snapshot::Socket socket;
    socket.family = family;
    Scanner scanner(line);
    scanner.skip_blanks();
    scanner.run(10);
    scanner.expect(':');
    read_end_point(scanner, family, socket.local, socket.local_port);
    read_end_point(scanner, family, socket.remote, socket.remote_port);
    scanner.skip_blanks();
    const std::uint32_t state = scanner.hexadecimal(2);
    scanner.skip_blanks();
    socket.wqueue = scanner.hexadecimal(8);
    scanner.expect(':');
    socket.rqueue = scanner.hexadecimal(8);
    read_timer(scanner, socket);
    scanner.skip_blanks();
    socket.retransmits = static_cast<std::uint8_t>(std::min(scanner.hexadecimal(8), std::uint32_t{255}));
    scanner.skip_blanks();
    socket.uid = scanner.run(10);
    scanner.skip_blanks();
    scanner.run(10); // probes without an answer
    scanner.skip_blanks();
    socket.inode = scanner.run(10);
    if (!scanner.good() || state == 0 || state >= static_cast<std::uint32_t>(snapshot::TcpState::bound)) {
        return std::nullopt;
    }
    socket.state = static_cast<snapshot::TcpState>(state);
    return socket;
}

} // namespace kernel
