// The port arithmetic against the scenarios of docs/kernel-model.md, 10.2.
#include "model/destinations.h"
#include "tests/catch.h"

#include "tests/model/spaces.h"

using snapshot::TcpState;
using tests::add_time_waits;
using tests::here;
using tests::socket;
using tests::there;
using tests::towards;

TEST_CASE("Nothing connected: every usable port is free") {
    auto netns = tests::netns();
    const auto d = towards(netns);
    CHECK(d.usable == 1000);
    CHECK(d.free == 1000);
    CHECK(d.free_min == 1000);
    CHECK(d.free_max == 1000);
    CHECK(d.used_percent == 0);
    CHECK_FALSE(d.local);
}

TEST_CASE("Reserved ports are not usable") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.ip_local_reserved_ports", "40000-40099,40500");
    CHECK(towards(netns).free == 899);
}

TEST_CASE("A range of odd size may lose one port, one of a single port does not") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.ip_local_port_range", "40000 40002");
    CHECK(towards(netns).free_max == 3);
    CHECK(towards(netns).free_min == 2);
    netns.sysctls.set("net.ipv4.ip_local_port_range", "40000 40000");
    CHECK(towards(netns).free_min == 1);
}

TEST_CASE("TIME_WAIT holds its port, and only towards its own destination") {
    auto netns = tests::netns();
    add_time_waits(netns, 40000, 950, 1, 10'000);
    const auto d = towards(netns);
    CHECK(d.in_use == 950);
    CHECK(d.free == 50);
    CHECK(d.time_wait == 950);
    CHECK(d.used_percent == Approx(95));
    CHECK(d.local == "192.0.2.1");
    CHECK(towards(netns, "192.0.2.9:81").free == 1000);   // connect() shares the ports
    CHECK(towards(netns, "192.0.2.9:81").free_min == 50); // but bind() might have taken them
}

TEST_CASE("A listener on any address blocks its port for every destination") {
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("127.0.0.9", 40003));
    netns.sockets.add_listener(tests::listener("::1", 40004));
    netns.sockets.add_listener(tests::listener("0.0.0.0", 22));
    const auto d = towards(netns);
    CHECK(d.blocked == 2);
    CHECK(d.free == 998);
    CHECK(d.free_min == 998);
}

TEST_CASE("Bound and explicitly bound ports block, and are not counted twice") {
    auto netns = tests::netns();
    netns.sockets.add_bound(socket(TcpState::close, here, 40001, "0.0.0.0", 0));
    netns.sockets.bound_complete();
    const auto bound = socket(TcpState::established, here, 40003, there, 80);
    netns.sockets.add(bound);
    netns.sockets.add_explicit(bound);
    netns.sockets.explicit_binds_complete();
    const auto d = towards(netns);
    CHECK(d.in_use == 1);
    CHECK(d.blocked == 1);
    CHECK(d.free == 998);
    CHECK(d.own_binds == "40003");
    CHECK(towards(netns, "192.0.2.9:81").blocked == 2);
    CHECK(towards(netns, "192.0.2.9:81").own_binds.empty());
}

TEST_CASE("Odd offsets look like bind() with port 0, even ones like connect()") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 400; ++i) { // docs/kernel-model.md, 10.2: scenario 6
        netns.sockets.add(
            socket(TcpState::established, here, static_cast<std::uint16_t>(40001 + 2 * i), there, 80));
    }
    const auto other = towards(netns, "192.0.2.9:81");
    CHECK(other.free == 600);
    CHECK(other.free_min == 600);
    CHECK(other.free_max == 1000);
    CHECK_FALSE(other.inferred_because.empty());
}

TEST_CASE("A port that two remotes share was not taken by bind() with port 0") {
    auto netns = tests::netns();
    netns.sockets.add(socket(TcpState::established, here, 40001, there, 80));
    netns.sockets.add(socket(TcpState::established, here, 40001, there, 81));
    CHECK(towards(netns, "192.0.2.9:82").free == 1000);
}

TEST_CASE("Where odd ports are shared more often than not, parity tells nothing") {
    auto netns = tests::netns(); // as IP_LOCAL_PORT_RANGE makes it: any port, many remotes
    for (std::uint16_t i = 0; i < 60; ++i) {
        for (const std::uint16_t remote : {std::uint16_t{80}, std::uint16_t{81}}) {
            if (remote == 80 || i < 40) {
                netns.sockets.add(socket(TcpState::established, here,
                                         static_cast<std::uint16_t>(40001 + 2 * i), there, remote));
            }
        }
    }
    CHECK(towards(netns, "192.0.2.9:82").free == 1000);
    CHECK(towards(netns, "192.0.2.9:82").free_min == 940);
}

TEST_CASE("A destination that has used up the even ports explains its odd ones, whatever else is blocked") {
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("127.0.0.9", 40004)); // one even port less
    for (std::uint16_t i = 0; i < 999; ++i) {
        const auto port = static_cast<std::uint16_t>(40000 + (i < 4 ? i : i + 1));
        netns.sockets.add(tests::time_wait(here, port, there, 80, 10'000));
    }
    CHECK(towards(netns, "192.0.2.9:81").free == 999);
}

TEST_CASE("Old TIME_WAITs on odd ports may have outlived the even ones; young ones have not") {
    for (const std::uint32_t age_ms : {5'000U, 29'900U, 30'100U, 55'000U}) {
        auto netns = tests::netns();
        add_time_waits(netns, 40001, 400, 2, age_ms);
        CHECK(towards(netns, "192.0.2.9:81").free == (age_ms < 30'000 ? 600 : 1000));
    }
}

TEST_CASE("An assumed range does not change how ports were chosen") {
    auto netns = tests::netns();
    add_time_waits(netns, 40002, 300, 2, 5'000); // even, from 40000 on
    const auto assumed = netns.sysctls.assuming({{"net.ipv4.ip_local_port_range", "40001 40999"}});
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("192.0.2.9:81");
    CHECK(model::ports_answer(netns, assumed, query).destinations.at(0).free == 999);
}

TEST_CASE("Timestamps that are off now may have been on for an old connection") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
    netns.sysctls.set("net.ipv4.tcp_timestamps", "0");
    add_time_waits(netns, 40000, 300, 2, 5'000);
    CHECK(towards(netns).free == 700);
    CHECK(towards(netns).free_max == 1000);
    CHECK(towards(netns).reuse.inferred);
}

TEST_CASE("A link-local destination is found on its device, and on that one if it is named") {
    auto netns = tests::netns();
    for (const std::uint32_t device : {2U, 3U}) {
        for (std::uint16_t i = 0; i < 10 * device; ++i) {
            auto client = socket(TcpState::established, "fe80::1", static_cast<std::uint16_t>(40000 + 2 * i),
                                 "fe80::2", 80);
            client.device = device;
            netns.sockets.add(client);
        }
    }
    CHECK(towards(netns, "[fe80::2]:80").in_use == 30); // the fuller one
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("[fe80::2]:80");
    query.device = 2;
    const auto d = model::ports_answer(netns, netns.sysctls, query).destinations.at(0);
    CHECK(d.in_use == 20);
    CHECK(d.on_devices == 30);
}

TEST_CASE("Above half of the range connect() takes odd ports too") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 600; ++i) {
        netns.sockets.add(
            socket(TcpState::established, here, static_cast<std::uint16_t>(40000 + i), there, 80));
    }
    CHECK(towards(netns, "192.0.2.9:81").free == 1000);
    CHECK(towards(netns, "192.0.2.9:81").free_min == 400);
}

TEST_CASE("Sockets that sockstat counts and no table shows widen the interval until they were asked for") {
    auto netns = tests::netns();
    netns.counters.set("sockstat.TCP.alloc", 30);
    netns.counters.set("sockstat.TCP.inuse", 10);
    CHECK(towards(netns).free == 1000);
    CHECK(towards(netns).free_min == 980);
    netns.sockets.bound_complete();
    CHECK(towards(netns).free_min == 1000);
}

TEST_CASE("Without sockstat nothing is promised") {
    auto netns = tests::netns();
    netns.counters = {};
    netns.counters.set_gap("sockstat.", {"/proc/net/sockstat", base::Why::denied, ""});
    CHECK(towards(netns).free_min == 0);
}

TEST_CASE("TIME_WAIT reuse follows mode, address, timestamps and age") {
    auto netns = tests::netns();
    const auto reusable_to = [&](const char* source, const char* remote) {
        for (std::uint16_t i = 0; i < 100; ++i) {
            netns.sockets.add(
                tests::time_wait(source, static_cast<std::uint16_t>(40000 + 2 * i), remote, 80, 1600));
            netns.sockets.add(
                tests::time_wait(source, static_cast<std::uint16_t>(40200 + 2 * i), remote, 80, 300));
        }
        return towards(netns, (std::string(remote) + ":80").c_str());
    };
    SECTION("mode 0 reuses nothing") {
        CHECK(reusable_to("127.0.0.1", "127.0.0.1").free == 800);
    }
    SECTION("mode 2 reuses on loopback what is older than the delay") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
        const auto d = reusable_to("127.0.0.1", "127.0.0.1");
        CHECK(d.reuse.applies);
        CHECK_FALSE(d.reuse.inferred);
        CHECK(d.reuse.reusable == 100);
        CHECK(d.free == 900);
    }
    SECTION("mode 2 reuses nothing elsewhere") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
        CHECK(reusable_to(here, there).free == 800);
    }
    SECTION("mode 1 elsewhere is an inference: the other end may send no timestamps") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
        const auto d = reusable_to(here, there);
        CHECK(d.free == 900);
        CHECK(d.free_max == 1000); // the young ones may be older than their timers say
        CHECK(d.free_min == 800);
        CHECK(d.reuse.inferred);
    }
    SECTION("live connections that use timestamps are evidence") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
        netns.peers.push_back({*snapshot::parse_end_point("192.0.2.9:80"), {3, 0}, {}});
        const auto d = reusable_to(here, there);
        CHECK_FALSE(d.reuse.inferred);
        CHECK(d.free == 900);
        CHECK(d.free_min == 800); // bind() may have taken the port of a TIME_WAIT
        CHECK(d.reuse.reason.find("3 live connections") != std::string::npos);
    }
    SECTION("live connections without timestamps are evidence against it") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
        netns.peers.push_back({*snapshot::parse_end_point("192.0.2.9:80"), {0, 2}, {}});
        const auto d = reusable_to(here, there);
        CHECK_FALSE(d.reuse.applies);
        CHECK(d.reuse.inferred);
        CHECK(d.free == 800);
        CHECK(d.free_max == 1000);
    }
    SECTION("before Linux 6.14 a TIME_WAIT may be reusable from its first millisecond on") {
        auto old = tests::netns();
        old.sysctls = {};
        old.sysctls.set("net.ipv4.ip_local_port_range", "40000 40999");
        old.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
        old.sysctls.set("net.ipv4.tcp_timestamps", "1");
        for (std::uint16_t i = 0; i < 100; ++i) {
            old.sockets.add(tests::time_wait("127.0.0.1", static_cast<std::uint16_t>(40000 + 2 * i),
                                             "127.0.0.1", 80, 300));
        }
        const auto d = towards(old, "127.0.0.1:80");
        CHECK(d.free == 900);
        CHECK(d.free_min == 900);
        CHECK(d.free_max == 1000);
        CHECK(d.inferred_because.find("older than their timers say") != std::string::npos);
    }
    SECTION("the loopback device counts as loopback, whatever the addresses") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
        for (const std::uint32_t device : {1U, 2U}) {
            auto old = tests::time_wait(here, static_cast<std::uint16_t>(40000 + device), there, 80, 1600);
            old.device = device;
            netns.sockets.add(old);
        }
        for (const auto& d : model::ports_answer(netns, netns.sysctls, {}).destinations) {
            CHECK(d.reuse.applies == (d.device == 1));
        }
    }
    SECTION("without timestamps nothing is reused") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
        netns.sysctls.set("net.ipv4.tcp_timestamps", "0");
        CHECK(reusable_to("127.0.0.1", "127.0.0.1").free == 800);
    }
    SECTION("a longer delay keeps them longer") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
        netns.sysctls.set("net.ipv4.tcp_tw_reuse_delay", "3000");
        CHECK(reusable_to("127.0.0.1", "127.0.0.1").free == 800);
    }
    SECTION("a blocked port is not reused") {
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
        netns.sockets.add_listener(tests::listener("127.0.0.9", 40000));
        const auto d = reusable_to("127.0.0.1", "127.0.0.1");
        CHECK(d.reuse.reusable == 99);
        CHECK(d.free == 899);
    }
}

TEST_CASE("60 s less the timer is a lower bound of the age: only who is older than the delay is reusable for "
          "sure") {
    const auto aged = [](std::uint32_t age_ms) {
        auto netns = tests::netns();
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
        add_time_waits(netns, 40000, 100, 2, age_ms);
        return towards(netns);
    };
    CHECK(aged(500).free == 900);
    CHECK(aged(500).free_max == 1000); // a segment out of the window may have begun the 60 s anew
    CHECK(aged(960).reuse.reusable == 0);
    CHECK(aged(960).free_max == 1000);
    CHECK(aged(1000).reuse.reusable == 0); // in the step of 16 ms that holds the delay
    CHECK(aged(1000).free_max == 1000);
    CHECK(aged(1008).reuse.reusable == 100);
}

TEST_CASE("Each of many destinations has the ports of its own sockets") {
    auto netns = tests::netns();
    constexpr std::uint16_t destinations = 100;
    for (std::uint16_t i = 0; i < 2 * destinations; ++i) {
        netns.sockets.add(socket(TcpState::established, here, static_cast<std::uint16_t>(40000 + i), there,
                                 static_cast<std::uint16_t>(80 + i % destinations)));
    }
    netns.sockets.add(socket(TcpState::close_wait, here, 40900, there, 80 + destinations - 1));
    const model::PortModel ports(netns, netns.sysctls);
    REQUIRE(ports.book->order().size() == destinations);
    for (std::size_t place = 0; place < destinations; ++place) {
        const model::PortUse use = ports.use(place);
        const bool last = use.flow().remote_port == 80 + destinations - 1;
        CHECK(use.tally().connections == (last ? 3 : 2));
        CHECK(use.estimate().in_use == (last ? 3 : 2));
        CHECK(use.lasting() == (last ? 3 : 2));
    }
}

TEST_CASE("An unreadable reuse setting leaves the answer incomplete") {
    auto netns = tests::netns();
    CHECK_FALSE(model::PortModel(netns, netns.sysctls).incomplete());
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "garbage");
    REQUIRE(model::PortModel(netns, netns.sysctls).incomplete());
    CHECK(model::PortModel(netns, netns.sysctls).incomplete()->what == "net.ipv4.tcp_tw_reuse");
}

TEST_CASE("What looks taken by bind() is not counted as reusable") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
    add_time_waits(netns, 40000, 10, 2, 5000); // as connect() chooses
    add_time_waits(netns, 40101, 10, 2, 5000); // as bind() with port 0 chooses
    const auto d = towards(netns);
    CHECK(d.reuse.reusable == 10);
    CHECK(d.in_use == 10);
    CHECK(d.free == 990);
    CHECK(d.free_max == 1000);
}

TEST_CASE("Sockets without a device hold their ports for those with one, not the other way round") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 30; ++i) {
        auto bound =
            socket(TcpState::established, here, static_cast<std::uint16_t>(40000 + 2 * i), there, 80);
        bound.device = 7;
        netns.sockets.add(bound);
        auto plain =
            socket(TcpState::established, here, static_cast<std::uint16_t>(40040 + 2 * i), there, 80);
        netns.sockets.add(plain);
    }
    CHECK(towards(netns).in_use == 30);
    const auto answer = model::ports_answer(netns, netns.sysctls, {});
    REQUIRE(answer.destinations.size() == 2);
    const auto& with_device =
        answer.destinations[0].device == 7 ? answer.destinations[0] : answer.destinations[1];
    CHECK(with_device.connections == 30);
    CHECK(with_device.in_use == 50); // 10 ports are held by both
    CHECK(with_device.free == 950);
}

TEST_CASE("Whether a TIME_WAIT without a device can be reused from one is doubtful") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
    auto on_loopback = socket(TcpState::established, here, 40500, there, 80);
    on_loopback.device = 1;
    netns.sockets.add(on_loopback);
    add_time_waits(netns, 40000, 100, 2, 10'000);
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("192.0.2.9:80");
    query.device = 1;
    const auto d = model::ports_answer(netns, netns.sysctls, query).destinations.at(0);
    CHECK(d.reuse.applies);
    CHECK(d.reuse.reusable == 0);
    CHECK(d.in_use == 101);
    CHECK(d.free_max == 999);
}

TEST_CASE("A blocked port that a socket without a device holds in TIME_WAIT is taken once") {
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("127.0.0.9", 40000));
    netns.sockets.add(tests::time_wait(here, 40000, there, 80, 5000));
    auto bound = socket(TcpState::established, here, 40002, there, 80);
    bound.device = 7;
    netns.sockets.add(bound);
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("192.0.2.9:80");
    query.device = 7;
    const auto d = model::ports_answer(netns, netns.sysctls, query).destinations.at(0);
    CHECK(d.free == 998);
    CHECK(d.free_max == 998);
}

TEST_CASE("The first socket on a device finds the ports taken that sockets without one hold") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 50; ++i) {
        netns.sockets.add(
            socket(TcpState::established, here, static_cast<std::uint16_t>(40000 + 2 * i), there, 80));
    }
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("192.0.2.9:80");
    query.device = 7;
    const auto d = model::ports_answer(netns, netns.sysctls, query).destinations.at(0);
    CHECK(d.free_max == 950);
    CHECK(d.connections == 0);
}

TEST_CASE("IP_BIND_ADDRESS_NO_PORT is no proof that connect() chose the port") {
    auto netns = tests::netns();
    netns.sockets.explicit_binds_complete();
    for (std::uint16_t i = 0; i < 20; ++i) {
        auto late = socket(TcpState::established, here, static_cast<std::uint16_t>(40000 + 2 * i), there, 80);
        late.late_port = i != 0; // one of them may have been bound early
        netns.sockets.add(late);
        netns.sockets.add_options(late);
    }
    netns.sockets.add(tests::time_wait(here, 40002, there, 81, 5000)); // mute: on a port with a late one
    CHECK(towards(netns, "192.0.2.9:82").free_min == 980);
    netns.sockets.options_complete();
    CHECK(towards(netns, "192.0.2.9:82").free_min == 980); // a child has it from its listener
    CHECK(towards(netns).free_min == 980);
    netns.sockets.every_port_may_be_early();
    CHECK(towards(netns, "192.0.2.9:82").free_min == 980);
}

namespace {

/// `count` live connections from ports `first`, `first + 2`, ... of `source`.
void add_live(snapshot::Netns& netns, const char* source, std::uint16_t first, std::uint16_t count,
              const char* remote, std::uint16_t remote_port) {
    for (std::uint16_t i = 0; i < count; ++i) {
        netns.sockets.add(socket(TcpState::established, source, static_cast<std::uint16_t>(first + 2 * i),
                                 remote, remote_port));
    }
}

} // namespace

TEST_CASE("Who binds an address and leaves the port to connect() blocks nobody, though others hold the same "
          "ports") {
    auto netns = tests::netns();
    netns.sockets.explicit_binds_complete();
    const auto add = [&](const char* source, std::uint16_t port, std::uint16_t remote_port, bool late) {
        auto one = socket(TcpState::established, source, port, there, remote_port);
        one.late_port = late;
        netns.sockets.add(one);
        netns.sockets.add_options(one);
    };
    for (std::uint16_t i = 0; i < 950; ++i) {
        const int port = i < 500 ? 40000 + 2 * i : 40001 + 2 * (i - 500);
        add("192.0.2.7", static_cast<std::uint16_t>(port), 80, true);
    }
    for (std::uint16_t i = 0; i < 20; ++i) {
        add(here, static_cast<std::uint16_t>(40000 + 2 * i), 81, false);
    }
    netns.sockets.options_complete();
    netns.routes_known = true;
    netns.routed_sources = {{there, *snapshot::Address::parse(here)}};
    const auto others = towards(netns, "192.0.2.9:81");
    CHECK(others.blocked == 0);
    CHECK(others.free == 980);

    const model::PortModel ports(netns, netns.sysctls);
    for (std::size_t place = 0; place < ports.book->busy_count(); ++place) {
        if (ports.use(place).flow().remote_port == 81) {
            CHECK(ports.use(place).worst().used_percent < 10);
        }
    }
}

TEST_CASE("Odd ports that bind() has taken are no sign that connect() has used up the even ones") {
    auto netns = tests::netns();
    add_live(netns, here, 40001, 460, there, 80);
    add_live(netns, here, 40000, 500, there, 81);
    add_live(netns, here, 40921, 40, there, 81);
    CHECK(towards(netns, "192.0.2.9:81").free == 0);
}

TEST_CASE("bind() takes even ports when the odd ones of its address are used up") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 500; ++i) {
        add_live(netns, here, static_cast<std::uint16_t>(40001 + 2 * i), 1, there,
                 static_cast<std::uint16_t>(9000 + i % 20));
    }
    for (std::uint16_t i = 0; i < 100; ++i) {
        add_live(netns, here, static_cast<std::uint16_t>(40000 + 10 * i), 1, there,
                 static_cast<std::uint16_t>(9000 + i % 20));
    }
    CHECK(towards(netns, "192.0.2.9:80").free == 400);
}

TEST_CASE("One end of a connection that no listener owns was accepted, and blocks its port") {
    auto netns = tests::netns();
    netns.sockets.add(socket(TcpState::established, here, 40100, here, 40500));
    netns.sockets.add(socket(TcpState::established, here, 40500, here, 40100));
    CHECK(towards(netns).free == 999);
    CHECK(towards(netns).free_max == 1000);
    netns.sockets.add(socket(TcpState::established, here, 40200, here, 8080)); // the other end is not seen
    CHECK(towards(netns).free == 999);
}

TEST_CASE("Ports that remote ends share were not chosen by bind(): the range had another start") {
    auto netns = tests::netns();
    add_live(netns, here, 40001, 300, there, 81);
    add_live(netns, here, 40101, 300, there, 82);
    CHECK(towards(netns).free == 1000);
    CHECK(towards(netns).free_min == 650);
}

TEST_CASE("Ports outside the range tell that it had another start") {
    auto netns = tests::netns();
    add_live(netns, here, 39801, 200, there, 81); // 100 of them below the range
    CHECK(towards(netns).free == 1000);
}

TEST_CASE("Odd ports in a part of the range were not chosen by bind(), which chooses from all") {
    auto netns = tests::netns();
    add_live(netns, here, 40001, 200, there, 81);
    CHECK(towards(netns).free == 1000);
    add_live(netns, here, 40901, 40, there, 81); // now from all over it
    CHECK(towards(netns).free == 760);
}

TEST_CASE("One port towards thousands of remote ends blocks nobody for sure") {
    for (const bool of_clients : {true, false}) {
        auto netns = tests::netns();
        for (std::uint16_t i = 0; i < 5000; ++i) {
            const auto remote = "198.51." + std::to_string(i / 250) + "." + std::to_string(i % 250);
            netns.sockets.add(
                socket(TcpState::established, here, 40000, remote.c_str(),
                       of_clients ? std::uint16_t{443} : static_cast<std::uint16_t>(20000 + i)));
        }
        CHECK(towards(netns).free == (of_clients ? 1000 : 999));
        CHECK(towards(netns).free_min == 999);
        CHECK(towards(netns).free_max == 1000);
        CHECK(model::ephemeral_ports(netns, netns.sysctls)->blocked_count == 0);
    }
}

TEST_CASE("FIN_WAIT2 is never reused") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
    for (std::uint16_t i = 0; i < 10; ++i) {
        auto fin = socket(TcpState::fin_wait2, here, static_cast<std::uint16_t>(40000 + 2 * i), there, 80);
        fin.timer = snapshot::Timer::time_wait;
        netns.sockets.add(fin);
    }
    CHECK(towards(netns).in_use == 10);
}

TEST_CASE("Local ports outside the range are no outgoing connections") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 100; ++i) {
        netns.sockets.add(
            socket(TcpState::established, here, static_cast<std::uint16_t>(1024 + i), there, 80));
    }
    CHECK(towards(netns).connections == 0);
    CHECK(towards(netns).free == 1000);
}

TEST_CASE("An unreadable range makes the answer unknown, not empty") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.ip_local_port_range", "garbage");
    const auto answer = model::ports_answer(netns, netns.sysctls, {});
    REQUIRE(answer.unknown);
    CHECK(answer.unknown->why == base::Why::failed);
}
