#include "kernel/proc_tcp.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace kernel {
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
    if (!scanner.good() || state == 0 || state >= static_cast<std::uint32_t>(snapshot::State::bound)) {
        return std::nullopt;
    }
    socket.state = static_cast<snapshot::State>(state);
    return socket;
}

} // namespace kernel
