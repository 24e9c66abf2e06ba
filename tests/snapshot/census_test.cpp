#include "tests/catch.h"

#include "snapshot/census.h"
#include "tests/snapshot/sockets.h"

using snapshot::Census;
using snapshot::Family;
using snapshot::TcpState;
using tests::listener;
using tests::socket;
using tests::time_wait;

namespace {

std::size_t at(TcpState state) {
    return static_cast<std::size_t>(state);
}

} // namespace

TEST_CASE("Sockets are counted by state and by their own family") {
    Census census;
    auto mapped = socket(TcpState::established, "192.0.2.1", 40000, "192.0.2.2", 80);
    mapped.family = Family::ipv6;
    census.add(mapped);
    census.add(socket(TcpState::established, "192.0.2.1", 40001, "192.0.2.2", 80));
    census.add(socket(TcpState::new_syn_recv, "192.0.2.1", 80, "192.0.2.2", 1024));
    CHECK(census.counts(Family::ipv4)[at(TcpState::established)] == 1);
    CHECK(census.counts(Family::ipv6)[at(TcpState::established)] == 1);
    CHECK(census.count(TcpState::established) == 2);
    CHECK(census.count(TcpState::syn_recv) == 1);
    CHECK(census.flows().size() == 2); // the mapped one shares the IPv4 tuple space
}

TEST_CASE("What a listener owns is counted for it and kept nowhere else") {
    Census census;
    census.add_listener(listener("0.0.0.0", 80));
    census.add_listener(listener("192.0.2.1", 81));
    auto v6 = listener("::", 82);
    census.add_listener(v6);
    auto only = listener("::", 83);
    only.v6_only = true;
    census.add_listener(only);
    census.add(time_wait("192.0.2.1", 80, "198.51.100.1", 1000, 10));
    census.add(time_wait("192.0.2.1", 81, "198.51.100.1", 1000, 10));
    census.add(time_wait("192.0.2.2", 81, "198.51.100.1", 1000, 10)); // another address
    census.add(time_wait("192.0.2.1", 82, "198.51.100.1", 1000, 10)); // a v6 wildcard takes IPv4 too
    census.add(time_wait("192.0.2.1", 83, "198.51.100.1", 1000, 10)); // unless it is v6only
    census.add(time_wait("2001:db8::1", 83, "2001:db8::2", 1000, 10));
    CHECK(census.record_count() == 2);
    for (const std::size_t which : {0U, 1U, 2U, 3U}) {
        CAPTURE(which);
        CHECK(census.listeners()[which].connections[at(TcpState::time_wait)] == 1);
    }
}

TEST_CASE("A listener bound to a device owns only what came through it") {
    Census census;
    auto bound = listener("0.0.0.0", 80);
    bound.device = 2;
    census.add_listener(bound);
    auto through = socket(TcpState::established, "192.0.2.1", 80, "198.51.100.1", 1000);
    census.add(through);
    through.device = 2;
    through.remote_port = 1001;
    census.add(through);
    CHECK(census.listeners()[0].connections[at(TcpState::established)] == 1);
    CHECK(census.record_count() == 1);
}

TEST_CASE("A socket that the dump shows twice counts once") {
    Census census;
    auto one = socket(TcpState::established, "192.0.2.1", 40000, "192.0.2.2", 80);
    one.cookie = 77;
    census.add(one);
    census.add(one);
    CHECK(census.count(TcpState::established) == 1);
    CHECK(census.duplicates() == 1);
    one.cookie = 0; // a source without cookies
    census.add(one);
    census.add(one);
    CHECK(census.count(TcpState::established) == 3);
}

TEST_CASE("A record keeps the age of TIME_WAIT, retransmissions of SYN_SENT and what kind of FIN_WAIT2") {
    Census census;
    census.add(time_wait("192.0.2.1", 40000, "192.0.2.2", 80, 5000));
    census.add(time_wait("192.0.2.1", 40001, "192.0.2.2", 80, 60'000));
    auto syn = socket(TcpState::syn_sent, "192.0.2.1", 40002, "192.0.2.2", 80);
    syn.retransmits = 3;
    census.add(syn);
    auto fin = socket(TcpState::fin_wait2, "192.0.2.1", 40003, "192.0.2.2", 80);
    fin.timer = snapshot::Timer::time_wait;
    census.add(fin);
    CHECK(census.record(0).detail() == 5000 / snapshot::age_unit_ms);
    CHECK(census.record(1).detail() == snapshot::age_over);
    CHECK(census.record(2).detail() == 3);
    CHECK(census.record(3).detail() == 1);
    CHECK(census.flows()[0].connections == 4);
}

TEST_CASE("Open connections that nobody acknowledges count as retrying, wherever they are kept") {
    using snapshot::Timer;
    Census census;
    census.add_listener(listener("0.0.0.0", 80));
    const auto add = [&](TcpState state, Timer timer, std::uint8_t retransmits, std::uint16_t port) {
        auto one = socket(state, "192.0.2.1", port, "192.0.2.2", 443);
        one.timer = timer;
        one.retransmits = retransmits;
        census.add(one);
    };
    add(TcpState::established, Timer::retransmit, 3, 40000);
    add(TcpState::established, Timer::retransmit, 2, 40001); // young
    add(TcpState::established, Timer::probe, 9, 40002);      // the peer's window is full: it answers
    add(TcpState::established, Timer::keepalive, 9, 40003);  // idle
    add(TcpState::close_wait, Timer::retransmit, 9, 40004);
    add(TcpState::established, Timer::retransmit, 15, 80);
    add(TcpState::established, Timer::none, 0, 80);
    CHECK(census.established_retrying() == 2);
    CHECK(census.listeners()[0].established_retrying == 1);
    CHECK(census.listeners()[0].connections[at(TcpState::established)] == 2);
    CHECK(census.record(0).detail() == 3);
    CHECK(census.record(1).detail() == 2);
    for (const std::size_t other : {2U, 3U, 4U}) {
        CHECK(census.record(other).detail() == 0);
    }
}

TEST_CASE("How long a connection has been retrying follows from the number of its timeouts") {
    const auto retrying_for = [](std::uint8_t retransmits, std::uint32_t left_ms) {
        auto one = socket(TcpState::established, "192.0.2.1", 40000, "192.0.2.2", 443);
        one.timer = snapshot::Timer::retransmit;
        one.retransmits = retransmits;
        one.expires_ms = left_ms;
        return snapshot::retrying_for_ms(one);
    };
    CHECK(retrying_for(2, 0) == 0);       // may be a lost segment
    CHECK(retrying_for(3, 1600) == 1400); // 200 + 400 + 800, the next timeout has just begun
    CHECK(retrying_for(5, 6400) == 6200);
    CHECK(retrying_for(5, 2600) == 10'000); // 3.8 s of the running timeout are over
    CHECK(retrying_for(5, 9600) == 9300);   // no timeout of 200 ms doubles to that: it was 300
    CHECK(retrying_for(15, 120'000) > 100'000);
    CHECK(retrying_for(255, UINT32_MAX) > 100'000);
}

TEST_CASE("A record keeps whether a connection has been retrying for ten seconds") {
    Census census;
    for (const auto retransmits : {std::uint8_t{5}, std::uint8_t{6}}) {
        auto one = socket(TcpState::established, "192.0.2.1", 40000, "192.0.2.2", 443);
        one.timer = snapshot::Timer::retransmit;
        one.retransmits = retransmits;
        one.expires_ms = 6000;
        census.add(one);
    }
    CHECK(census.record(0).detail() == 5);
    CHECK(census.record(1).detail() == (snapshot::retrying_long | 6));
}

TEST_CASE("Queues are summed by listener and by flow, and stalled peers counted") {
    using snapshot::Timer;
    Census census;
    census.add_listener(listener("0.0.0.0", 80));
    const auto add = [&](std::uint16_t port, Timer timer, std::uint32_t to_send, std::uint32_t not_read) {
        auto one = socket(TcpState::established, "192.0.2.1", port, "192.0.2.2", 443);
        one.timer = timer;
        one.wqueue = to_send;
        one.rqueue = not_read;
        census.add(one);
    };
    add(80, Timer::probe, 3'700'000, 0);
    add(80, Timer::retransmit, 100, 7);
    add(40000, Timer::probe, 4'000'000'000, 0);
    add(40001, Timer::probe, 4'000'000'000, 0); // more than 32 bits hold
    add(40002, Timer::none, 0, 5);
    add(40003, Timer::none, 0, 0);
    const auto& of_listener = census.listeners()[0].queues;
    CHECK(of_listener.send_bytes == 3'700'100);
    CHECK(of_listener.recv_bytes == 7);
    CHECK(of_listener.stalled == 1);
    CHECK(of_listener.stalled_bytes == 3'700'000);
    const auto of_flow = census.queues_of(0);
    CHECK(of_flow.send_bytes == 8'000'000'000);
    CHECK(of_flow.recv_bytes == 5);
    CHECK(of_flow.stalled == 2);
    CHECK(of_flow.stalled_bytes == 8'000'000'000);
    CHECK(census.queues_of(1).send_bytes == 0);
}

TEST_CASE("A timer beyond 60 s makes an age of 0, not a huge one") {
    Census census;
    auto odd = time_wait("192.0.2.1", 40000, "192.0.2.2", 80, 0);
    odd.expires_ms = 4'000'000'000;
    census.add(odd);
    CHECK(census.record(0).detail() == 0);
}

TEST_CASE("Sockets that are added soon end as those that are added at once") {
    Census at_once;
    Census soon;
    for (std::uint16_t i = 0; i < 1000; ++i) {
        const auto one = time_wait("192.0.2.1", static_cast<std::uint16_t>(40000 + i), "192.0.2.2",
                                   static_cast<std::uint16_t>(i % 37), 10U * i);
        at_once.add(one);
        soon.add_soon(one);
    }
    soon.settle();
    REQUIRE(soon.record_count() == at_once.record_count());
    REQUIRE(soon.flows().size() == at_once.flows().size());
    for (std::size_t i = 0; i < soon.record_count(); ++i) {
        REQUIRE(soon.record(i).flow == at_once.record(i).flow);
        REQUIRE(soon.record(i).port == at_once.record(i).port);
        REQUIRE(soon.record(i).detail() == at_once.record(i).detail());
    }
}

TEST_CASE("A port with thousands of remotes folds into a service") {
    Census census;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        auto one = time_wait("192.0.2.1", 8080, "0.0.0.0", 5000, 10);
        one.remote = snapshot::Address::v4(&i);
        census.add(one);
    }
    CHECK(census.count(TcpState::time_wait) == 10'000);
    CHECK(census.record_count() == 4096);
    REQUIRE(census.services().contains(8080));
    CHECK(census.services().at(8080)[at(TcpState::time_wait)] == 10'000 - 4096);
    CHECK(census.overflow() == 0);
}

TEST_CASE("Port sets mean nothing until they are complete") {
    Census census;
    census.add_explicit(socket(TcpState::established, "192.0.2.1", 41000, "192.0.2.2", 80));
    CHECK(census.explicit_ports() == nullptr);
    census.explicit_binds_complete();
    REQUIRE(census.explicit_ports() != nullptr);
    CHECK(census.explicit_ports()->test(41000));
    CHECK(census.bound_ports() == nullptr);
    census.add_bound(socket(TcpState::close, "192.0.2.1", 41001, "0.0.0.0", 0));
    census.bound_complete();
    CHECK(census.bound_ports()->test(41001));
    CHECK(census.count(TcpState::bound) == 1);
}
