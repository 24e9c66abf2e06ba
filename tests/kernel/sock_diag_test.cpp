#include "tests/kernel/messages.h"

#include "tests/catch.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <tuple>

#include <linux/tcp.h>

using kernel::DumpReader;
using kernel::Walk;
using snapshot::Address;
using snapshot::Socket;
using snapshot::TcpState;
using test::Bytes;
using test::operator+;

namespace {

struct Read {
    std::vector<Socket> sockets;
    bool more = true;
    std::uint64_t malformed = 0;
    kernel::Outcome outcome = base::Nothing{};
};

Read read(Walk walk, const Bytes& datagram) {
    Read result;
    DumpReader reader(walk, [&](std::span<const Socket> sockets) {
        result.sockets.insert(result.sockets.end(), sockets.begin(), sockets.end());
    });
    result.more = reader.read(datagram);
    result.malformed = reader.malformed();
    result.outcome = reader.outcome();
    return result;
}

Bytes tcp_info_of(std::size_t length) {
    tcp_info info{};
    info.tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK;
    info.tcpi_last_data_sent = 11;
    info.tcpi_last_data_recv = 22;
    info.tcpi_last_ack_recv = 33;
    Bytes bytes;
    test::append(bytes, &info, sizeof info);
    bytes.resize(length);
    return bytes;
}

Bytes eight(std::uint64_t value) {
    Bytes bytes;
    test::append(bytes, &value, sizeof value);
    return bytes;
}

} // namespace

TEST_CASE("an IPv4 TIME_WAIT socket with every field") {
    test::Fields fields;
    fields.state = 6;
    fields.timer = 3;
    fields.retransmits = 2;
    fields.device = 7;
    fields.cookie = 0x1122334455667788;
    fields.expires_ms = 59000;
    fields.rqueue = 4;
    fields.wqueue = 5;
    fields.uid = 1000;
    fields.inode = 99;
    const Read got = read(Walk::connections, test::socket_message(fields) + test::done());
    REQUIRE(got.sockets.size() == 1);
    const Socket& socket = got.sockets[0];
    CHECK(socket.local == *Address::parse("10.0.0.1"));
    CHECK(socket.remote == *Address::parse("10.0.0.2"));
    CHECK(socket.local_port == 40000);
    CHECK(socket.remote_port == 443);
    CHECK(socket.family == snapshot::Family::ipv4);
    CHECK(socket.state == TcpState::time_wait);
    CHECK(socket.timer == snapshot::Timer::time_wait);
    CHECK(socket.retransmits == 2);
    CHECK(socket.device == 7);
    CHECK(socket.cookie == 0x1122334455667788);
    CHECK(socket.expires_ms == 59000);
    CHECK(socket.rqueue == 4);
    CHECK(socket.wqueue == 5);
    CHECK(socket.uid == 1000);
    CHECK(socket.inode == 99);
    CHECK_FALSE(got.more);
    CHECK(got.outcome);
}

TEST_CASE("the number beside a timer means retransmissions only with the retransmission timer") {
    test::Fields fields;
    fields.retransmits = 4;
    Bytes datagram;
    for (std::uint8_t timer = 0; timer <= 4; ++timer) {
        fields.timer = timer;
        datagram = datagram + test::socket_message(fields);
    }
    const Read got = read(Walk::connections, datagram + test::done());
    REQUIRE(got.sockets.size() == 5);
    for (std::size_t timer = 0; timer < 5; ++timer) {
        CHECK(snapshot::is_retrying(got.sockets[timer]) == (timer == 1));
    }
}

TEST_CASE("IPv6 and v4-mapped addresses") {
    test::Fields fields;
    fields.family = AF_INET6;
    fields.local = "::ffff:10.0.0.1";
    fields.remote = "2001:db8::1";
    const Read got = read(Walk::connections, test::socket_message(fields));
    REQUIRE(got.sockets.size() == 1);
    CHECK(got.sockets[0].family == snapshot::Family::ipv6);
    CHECK(got.sockets[0].local == *Address::parse("10.0.0.1"));
    CHECK(got.sockets[0].remote == *Address::parse("2001:db8::1"));
    CHECK(got.more);
    CHECK(got.outcome.error().why == base::Why::truncated); // it never ended
}

TEST_CASE("attributes of a listener and of a CLOSE_WAIT socket") {
    test::Fields fields;
    fields.state = 10;
    const Bytes attributes = test::attribute(INET_DIAG_SKV6ONLY, {std::byte{1}}) +
                             test::attribute(21, eight(77)) +
                             test::attribute(999, {std::byte{1}, std::byte{2}});
    const Read listener = read(Walk::listeners, test::socket_message(fields, attributes));
    REQUIRE(listener.sockets.size() == 1);
    CHECK(listener.sockets[0].v6_only == true);
    CHECK(listener.sockets[0].cgroup == 77U);

    fields.state = 8;
    const Read close_wait = read(
        Walk::close_waits, test::socket_message(fields, test::attribute(INET_DIAG_INFO, tcp_info_of(280))) +
                               test::socket_message(fields));
    REQUIRE(close_wait.sockets.size() == 2);
    REQUIRE(close_wait.sockets[0].activity);
    CHECK(close_wait.sockets[0].activity->last_data_sent_ms == 11);
    CHECK(close_wait.sockets[0].activity->last_data_recv_ms == 22);
    CHECK(close_wait.sockets[0].activity->last_ack_recv_ms == 33);
    CHECK(close_wait.sockets[0].activity->timestamps);
    CHECK_FALSE(close_wait.sockets[1].activity); // nothing is left over from the socket before
}

TEST_CASE("tcp_info of any length") {
    test::Fields fields;
    fields.state = 8;
    constexpr std::size_t needed = offsetof(tcp_info, tcpi_last_ack_recv) + 4;
    for (std::size_t length = 0; length < 300; ++length) {
        const Read got =
            read(Walk::close_waits,
                 test::socket_message(fields, test::attribute(INET_DIAG_INFO, tcp_info_of(length))));
        REQUIRE(got.sockets.size() == 1);
        CHECK(got.sockets[0].activity.has_value() == (length >= needed));
    }
}

TEST_CASE("attributes with absurd lengths leave the socket out") {
    test::Fields fields;
    fields.state = 10;
    for (const std::uint16_t length : std::to_array<std::uint16_t>({0, 1, 3, 9, 100, 65535})) {
        Bytes attribute = test::attribute(INET_DIAG_SKV6ONLY, {std::byte{1}});
        std::memcpy(attribute.data(), &length, sizeof length);
        const Read got = read(Walk::listeners, test::socket_message(fields, attribute) + test::done());
        CHECK(got.sockets.empty());
        CHECK(got.malformed == 1);
        CHECK(got.outcome); // the dump itself is whole
    }
    CHECK(
        read(Walk::listeners, test::socket_message(fields, test::attribute(21, {std::byte{1}}))).malformed ==
        1);
}

TEST_CASE("a datagram cut at every byte is never a whole dump") {
    test::Fields fields;
    fields.state = 8;
    const Bytes whole = test::socket_message(fields, test::attribute(INET_DIAG_INFO, tcp_info_of(104))) +
                        test::socket_message(fields) + test::done();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        const Read got = read(Walk::close_waits, cut);
        CHECK_FALSE(got.outcome);
        CHECK(got.outcome.error().why == base::Why::truncated);
    }
    CHECK(read(Walk::close_waits, whole).outcome);
}

TEST_CASE("message lengths that lie") {
    for (const std::uint32_t length : {0U, 1U, 15U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
        Bytes bytes = test::socket_message({}) + test::done();
        std::memcpy(bytes.data(), &length, sizeof length);
        const Read got = read(Walk::connections, bytes);
        CHECK(got.sockets.empty());
        CHECK_FALSE(got.more);
        CHECK(got.outcome.error().why == base::Why::truncated);
    }
    // long enough for netlink, too short for a socket
    const Read shorter = read(Walk::connections, test::message(TCPDIAG_GETSOCK, Bytes(71)) + test::done());
    CHECK(shorter.sockets.empty());
    CHECK(shorter.malformed == 1);
}

TEST_CASE("families, states and timers that do not exist are left out and counted") {
    Bytes bytes;
    test::Fields fields;
    fields.family = AF_UNIX;
    bytes = bytes + test::socket_message(fields);
    fields = {};
    for (const std::uint8_t state : std::to_array<std::uint8_t>({0, 14, 255})) {
        fields.state = state;
        bytes = bytes + test::socket_message(fields);
    }
    fields = {};
    fields.timer = 5;
    bytes = bytes + test::socket_message(fields) + test::socket_message({}) + test::done();
    const Read got = read(Walk::connections, bytes);
    CHECK(got.sockets.size() == 1);
    CHECK(got.malformed == 5);
    CHECK(got.outcome);
}

TEST_CASE("what the kernel refuses") {
    const auto why = [](const Bytes& bytes) { return read(Walk::connections, bytes).outcome.error().why; };
    CHECK(why(test::refused(ENOENT)) == base::Why::absent);
    CHECK(why(test::refused(EPROTONOSUPPORT)) == base::Why::absent);
    CHECK(why(test::refused(EPERM)) == base::Why::denied);
    CHECK(why(test::refused(EACCES)) == base::Why::denied);
    CHECK(why(test::refused(ENOMEM)) == base::Why::failed);
    CHECK(why(test::refused(0)) == base::Why::failed);
    CHECK(why(test::refused(-5)) == base::Why::failed);
    CHECK(why(test::message(NLMSG_ERROR, {})) == base::Why::failed);
    CHECK(why(test::done(-ENOMEM)) == base::Why::failed);
    CHECK(why(test::done(-EPERM)) == base::Why::denied);
    CHECK(read(Walk::connections, test::message(NLMSG_DONE, {})).outcome);
}

TEST_CASE("an interrupted dump is not whole") {
    const Bytes bytes =
        test::message(TCPDIAG_GETSOCK, test::payload({}), NLM_F_MULTI | NLM_F_DUMP_INTR) + test::done();
    const Read got = read(Walk::connections, bytes);
    CHECK(got.sockets.size() == 1);
    CHECK(got.outcome.error().why == base::Why::truncated);
}

TEST_CASE("a message of another type, or an empty datagram, leaves the dump incomplete") {
    for (const Bytes& strange : {test::message(777, test::payload({})), test::message(NLMSG_OVERRUN, {})}) {
        const Read got = read(Walk::connections, strange + test::socket_message({}) + test::done());
        CHECK(got.sockets.size() == 1);
        REQUIRE_FALSE(got.outcome);
        CHECK(got.outcome.error().why == base::Why::truncated);
    }
    CHECK(read(Walk::connections, {}).outcome.error().why == base::Why::truncated);
}

TEST_CASE("answers to other questions are passed over") {
    const Bytes bytes = test::message(TCPDIAG_GETSOCK, test::payload({}), NLM_F_MULTI, 42) +
                        test::message(NLMSG_DONE, test::number(0), NLM_F_MULTI, 42) +
                        test::message(NLMSG_NOOP, {}) + test::socket_message({}) + test::done();
    const Read got = read(Walk::connections, bytes);
    CHECK(got.sockets.size() == 1);
    CHECK(got.malformed == 0);
    CHECK(got.outcome);
}

TEST_CASE("the requests") {
    const auto states = [](Walk walk) {
        const Bytes bytes = kernel::request_for({walk});
        inet_diag_req question;
        std::memcpy(&question, bytes.data() + sizeof(nlmsghdr), sizeof question);
        return question.idiag_states;
    };
    CHECK(states(Walk::listeners) == 1U << 10);
    CHECK(states(Walk::connections) == (0x1FFEU & ~(1U << 10)));
    CHECK(states(Walk::close_waits) == 1U << 8);
    CHECK(states(Walk::bound) == 1U << 13);
    const Bytes binds = kernel::request_for({Walk::explicit_binds});
    const Bytes expected = {std::byte{12}, std::byte{0}, std::byte{1}, std::byte{0},  // attribute 1, 12 bytes
                            std::byte{6},  std::byte{4}, std::byte{8}, std::byte{0},  // AUTO, yes 4, no 8
                            std::byte{1},  std::byte{4}, std::byte{8}, std::byte{0}}; // JMP
    CHECK(Bytes(binds.end() - 12, binds.end()) == expected);
}

TEST_CASE("the request for a few remote ends accepts each of them and nothing else") {
    const std::vector<snapshot::EndPoint> remotes = {*snapshot::parse_end_point("192.0.2.1:443"),
                                                     *snapshot::parse_end_point("[2001:db8::1]:80")};
    const Bytes request = kernel::request_for({Walk::peers, remotes});
    inet_diag_req question;
    std::memcpy(&question, request.data() + sizeof(nlmsghdr), sizeof question);
    CHECK(question.idiag_states == 0x0B36U); // all that are alive: no TIME_WAIT, SYN_RECV, CLOSE, LISTEN
    CHECK(question.idiag_ext == 1U << (INET_DIAG_INFO - 1));
    // Each condition goes on to its jump, or past it to the next condition; the jumps end exactly at the end.
    const Bytes code(request.begin() + sizeof(nlmsghdr) + sizeof question + sizeof(nlattr), request.end());
    REQUIRE(code.size() == 2 * 32);
    const auto op = [&](std::size_t at) {
        inet_diag_bc_op one;
        std::memcpy(&one, &code[at], sizeof one);
        return one;
    };
    CHECK(op(0).code == INET_DIAG_BC_D_COND);
    CHECK(op(0).yes == 28);
    CHECK(op(0).no == 32);
    CHECK(op(28).code == INET_DIAG_BC_JMP);
    CHECK(28U + op(28).no == code.size());
    CHECK(op(32).code == INET_DIAG_BC_D_COND);
    CHECK(32U + op(32).no == code.size()); // the last one: past its jump lies the end
    CHECK(60U + op(60).no == code.size());
    CHECK(code[4] == std::byte{AF_INET});
    CHECK(code[5] == std::byte{32});
    CHECK(code[12] == std::byte{192});
    CHECK(code[36] == std::byte{AF_INET6});
    CHECK(code[37] == std::byte{128});
    CHECK(code[44] == std::byte{0x20});

    std::vector<snapshot::EndPoint> many(20, remotes[0]);
    CHECK(kernel::request_for({Walk::peers, many}).size() ==
          request.size() + 32 * (kernel::most_peers - remotes.size()));
}

TEST_CASE("the options of a socket") {
    test::Fields fields;
    const auto late = [&](const Bytes& attributes) {
        const Read got = read(Walk::options, test::socket_message(fields, attributes));
        REQUIRE(got.sockets.size() == 1);
        return got.sockets[0].late_port;
    };
    CHECK(late(test::attribute(22, {std::byte{0x20}, std::byte{0x01}})) == true);
    CHECK(late(test::attribute(22, {std::byte{0xFF}, std::byte{0xFE}})) == false);
    CHECK_FALSE(late({})); // kernels before 5.10 do not say
    CHECK(read(Walk::options, test::socket_message(fields, test::attribute(22, {std::byte{1}})))
              .sockets.empty());
}

namespace {

/// One socket is known; what a machine told, and what it was asked.
struct LookedUp {
    std::vector<Socket> sockets;
    kernel::Walked walked;
    std::size_t questions = 0;
};

const test::Fields waiting = {.state = 8, .cookie = 7};

LookedUp look_up(const Bytes& answer, const Socket& known, bool knows_single = true) {
    test::Machine machine;
    machine.knows_single = knows_single;
    machine.dumps[kernel::request_for(Walk::close_waits, known)] = {answer};
    machine.answer(Walk::close_waits, {test::socket_message({.state = 8, .cookie = 99}) + test::done()});
    LookedUp result;
    const std::array all = {known};
    result.walked = machine.sockets({.walk = Walk::close_waits, .known = all}, [&](const auto& sockets) {
        result.sockets.insert(result.sockets.end(), sockets.begin(), sockets.end());
    });
    result.questions = machine.asked.size();
    return result;
}

Socket known_socket(const test::Fields& fields = waiting) {
    return read(Walk::close_waits, test::socket_message(fields)).sockets.at(0);
}

} // namespace

TEST_CASE("a socket that is known is asked about by itself") {
    const LookedUp result =
        look_up(test::message(TCPDIAG_GETSOCK, test::payload(waiting), 0), known_socket());
    CHECK(result.walked.outcome);
    REQUIRE(result.sockets.size() == 1);
    CHECK(result.sockets[0].cookie == 7);
    CHECK(result.questions == 1);
}

TEST_CASE("a known socket that is gone, or in another state, is none") {
    CHECK(look_up(test::refused(ENOENT), known_socket()).sockets.empty());
    CHECK(look_up(test::refused(ENOENT), known_socket()).questions == 1);
    const test::Fields closing = {.state = 9, .cookie = 7};
    const LookedUp other = look_up(test::message(TCPDIAG_GETSOCK, test::payload(closing), 0), known_socket());
    CHECK(other.sockets.empty());
    CHECK(other.walked.outcome);
}

TEST_CASE("where one socket cannot be asked about, all are walked") {
    const test::Fields other = {.state = 8, .cookie = 8}; // between the same ends
    for (const Bytes& answer :
         {test::message(TCPDIAG_GETSOCK, test::payload(other), 0), test::refused(EPERM),
          test::refused(EOPNOTSUPP), test::message(TCPDIAG_GETSOCK, Bytes(4), 0), Bytes()}) {
        const LookedUp result = look_up(answer, known_socket());
        REQUIRE(result.sockets.size() == 1);
        CHECK(result.sockets[0].cookie == 99);
        CHECK(result.questions == 2);
    }
    CHECK(look_up(test::refused(ENOENT), known_socket(), false).sockets.size() == 1); // a capture
}

TEST_CASE("the question about one socket names both its ends, in its own family") {
    for (const auto& [family, local, remote] :
         {std::tuple(AF_INET, "10.0.0.1", "10.0.0.2"), std::tuple(AF_INET6, "2001:db8::1", "2001:db8::2"),
          std::tuple(AF_INET6, "::ffff:10.0.0.1", "::ffff:10.0.0.2")}) {
        const test::Fields fields = {.family = static_cast<std::uint8_t>(family),
                                     .state = 8,
                                     .local = local,
                                     .remote = remote,
                                     .device = 3};
        const Bytes request = kernel::request_for(Walk::close_waits, known_socket(fields));
        inet_diag_req question{};
        REQUIRE(request.size() >= sizeof(nlmsghdr) + sizeof question);
        std::memcpy(&question, request.data() + sizeof(nlmsghdr), sizeof question);
        inet_diag_msg expected{};
        std::memcpy(&expected, test::payload(fields).data(), sizeof expected);
        CHECK(question.idiag_family == family);
        CHECK(std::memcmp(question.id.idiag_src, expected.id.idiag_src, sizeof expected.id.idiag_src) == 0);
        CHECK(std::memcmp(question.id.idiag_dst, expected.id.idiag_dst, sizeof expected.id.idiag_dst) == 0);
        CHECK(question.id.idiag_sport == expected.id.idiag_sport);
        CHECK(question.id.idiag_dport == expected.id.idiag_dport);
        CHECK(question.id.idiag_if == 3);
    }
}
