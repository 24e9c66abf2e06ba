#include "kernel/proc_net.h"

#include "tests/catch.h"

#include <string>
#include <vector>

using kernel::parse_proc_line;
using snapshot::Address;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;

namespace {

const std::string heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode   \n";
const std::string time_wait =
    "   1: 0100007F:1F90 0200000A:01BB 06 00000000:00000000 03:00001765 00000000     0   "
    "     0 0 3 0000000000000000                                      ";
const std::string listener =
    "   0: 00000000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000     "
    "   0 12345 1 0000000000000000 100 0 0 10 0                     ";
const std::string v6 =
    "   0: B80D0120000000000000000001000000:2382 0000000000000000FFFF00000100007F:1234 08 "
    "00000001:00000002 01:00000014 00000005  1001        0 678 1 0000000000000000 20 4 30 10 -1";

} // namespace

TEST_CASE("lines of /proc/net/tcp") {
    const auto waiting = parse_proc_line(time_wait, Family::ipv4);
    REQUIRE(waiting);
    CHECK(waiting->local == *Address::parse("127.0.0.1"));
    CHECK(waiting->local_port == 8080);
    CHECK(waiting->remote == *Address::parse("10.0.0.2"));
    CHECK(waiting->remote_port == 443);
    CHECK(waiting->state == TcpState::time_wait);
    CHECK(waiting->timer == snapshot::Timer::time_wait);
    CHECK(waiting->expires_ms == 0x1765 * 10);
    CHECK(waiting->cookie == 0);

    const auto listening = parse_proc_line(listener, Family::ipv4);
    REQUIRE(listening);
    CHECK(listening->state == TcpState::listen);
    CHECK(listening->rqueue == 3);
    CHECK(listening->uid == 1000);
    CHECK(listening->inode == 12345);
    CHECK_FALSE(listening->activity);
}

TEST_CASE("lines of /proc/net/tcp6") {
    CHECK_FALSE(parse_proc_line(v6, Family::ipv4));
    const auto socket = parse_proc_line(v6, Family::ipv6);
    REQUIRE(socket);
    CHECK(socket->family == Family::ipv6);
    CHECK(socket->local == *Address::parse("2001:db8::1"));
    CHECK(socket->local_port == 0x2382);
    CHECK(socket->remote == *Address::parse("127.0.0.1"));
    CHECK(socket->state == TcpState::close_wait);
    CHECK(socket->wqueue == 1);
    CHECK(socket->rqueue == 2);
    CHECK(socket->timer == snapshot::Timer::retransmit);
    CHECK(socket->expires_ms == 200);
    CHECK(socket->retransmits == 5);
    CHECK(socket->uid == 1001);
    CHECK(socket->inode == 678);
}

TEST_CASE("retransmissions of an open connection") {
    const auto with = [](std::string_view timer, std::string_view count) {
        std::string line = v6;
        line.replace(line.find(" 08 "), 4, " 01 ");
        line.replace(line.find("01:00000014"), 2, timer);
        line.replace(line.find("00000005"), 8, count);
        return *parse_proc_line(line, Family::ipv6);
    };
    CHECK(snapshot::is_retrying(with("01", "00000003")));
    CHECK_FALSE(snapshot::is_retrying(with("01", "00000002")));
    CHECK_FALSE(snapshot::is_retrying(with("04", "00000003")));
    CHECK(snapshot::is_retrying(with("01", "00000100"))); // more than a byte holds
}

TEST_CASE("TIME_WAIT past its time, and timers too long for milliseconds") {
    std::string late = time_wait;
    late.replace(late.find("00001765"), 8, "00000000");
    CHECK(parse_proc_line(late, Family::ipv4)->expires_ms == 0);
    late.replace(late.find("03:00000000") + 3, 8, "FFFFFFFF");
    CHECK(parse_proc_line(late, Family::ipv4)->expires_ms > 4'000'000'000U);
}

TEST_CASE("a line cut at every byte is no socket") {
    const std::size_t needed = listener.find("12345") + 1; // a cut number is still a number
    for (std::size_t length = 0; length < needed; ++length) {
        CHECK_FALSE(parse_proc_line(listener.substr(0, length), Family::ipv4));
    }
}

TEST_CASE("lines that are not what the kernel prints") {
    const auto with = [](std::string_view from, std::string_view to) {
        std::string line = time_wait;
        line.replace(line.find(from), from.size(), to);
        return parse_proc_line(line, Family::ipv4);
    };
    CHECK_FALSE(with("0100007F", "0100007G"));
    CHECK_FALSE(with("1F90", "1F9"));
    CHECK_FALSE(with(" 06 ", " 00 "));
    CHECK_FALSE(with(" 06 ", " 0D "));
    CHECK_FALSE(with(" 03:", " 05:"));
    CHECK_FALSE(with("03:00001765", "03:999999999"));
    CHECK_FALSE(with("1:", "x:"));
}

TEST_CASE("a whole table") {
    std::vector<Socket> sockets;
    const auto keep = [&](const Socket& socket) { sockets.push_back(socket); };
    CHECK(kernel::read_proc_table(heading + time_wait + "\n" + listener + "\n", Family::ipv4, keep) == 0);
    CHECK(sockets.size() == 2);
    sockets.clear();
    CHECK(kernel::read_proc_table(heading + "garbage\n" + listener + "\n", Family::ipv4, keep) == 1);
    CHECK(sockets.size() == 1);
    CHECK(kernel::read_proc_table(heading, Family::ipv4, keep) == 0);
    CHECK(kernel::read_proc_table("", Family::ipv4, keep) == 1);
    CHECK(kernel::read_proc_table(time_wait + "\n", Family::ipv4, keep) == 1);
    CHECK(kernel::read_proc_table(heading + time_wait, Family::ipv4, keep) == 1); // no line end: cut
}
