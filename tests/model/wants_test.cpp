#include "tests/catch.h"

#include "model/wants.h"
#include "tests/model/spaces.h"

using tests::host_of;

namespace {

model::ModelNeeds ports_only() {
    model::ModelNeeds needs;
    needs.ports = true;
    return needs;
}

} // namespace

TEST_CASE("A quiet host wants no further walk") {
    CHECK_FALSE(model::wants(host_of(tests::netns()), {}, ports_only()));
}

TEST_CASE("A busy destination makes explicit binds worth a walk, once") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 500, 1, 1000);
    netns.sockets.add(tests::socket(snapshot::TcpState::established, tests::here, 40700, tests::there, 81));
    snapshot::Host host = host_of(std::move(netns));
    const auto request = model::wants(host, {}, ports_only());
    REQUIRE(request);
    CHECK(request->explicit_binds);
    CHECK(request->routes);
    CHECK_FALSE(request->bound_sockets); // sockstat says there are none
    host.namespaces[0].sockets.explicit_binds_complete();
    host.namespaces[0].routes_known = true;
    CHECK_FALSE(model::wants(host, {}, ports_only()));
}

TEST_CASE("Explicit binds of TIME_WAIT cannot be told: no walk for them") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 500, 1, 1000);
    netns.routes_known = true;
    CHECK_FALSE(model::wants(host_of(std::move(netns)), {}, ports_only()));
}

TEST_CASE("Sockets outside of all tables make bound ones worth a walk when they are many") {
    auto netns = tests::netns();
    netns.counters.set("sockstat.TCP.alloc", 49);
    CHECK_FALSE(model::wants(host_of(std::move(netns)), {}, ports_only()));
    auto hoarded = tests::netns();
    hoarded.counters.set("sockstat.TCP.alloc", 50);
    const auto request = model::wants(host_of(std::move(hoarded)), {}, ports_only());
    REQUIRE(request);
    CHECK(request->bound_sockets);
}

TEST_CASE("A wide range makes the same connections uninteresting") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 500, 1, 1000);
    CHECK_FALSE(model::wants(host_of(std::move(netns)), {{"net.ipv4.ip_local_port_range", "1024 65535"}},
                             ports_only()));
}

TEST_CASE("Live sockets are looked at one by one where reuse depends on the other end") {
    const auto peers = [](const char* reuse, const char* timestamps, std::uint16_t count, bool effects) {
        auto netns = tests::netns();
        tests::add_time_waits(netns, 40000, count, 1, 5000);
        netns.sysctls.set("net.ipv4.tcp_tw_reuse", reuse);
        netns.sysctls.set("net.ipv4.tcp_timestamps", timestamps);
        model::ModelNeeds needs = ports_only();
        needs.effects = effects;
        const auto request = model::wants(host_of(std::move(netns)), {}, needs);
        return request ? request->peers : std::vector<snapshot::EndPoint>();
    };
    CHECK(peers("1", "1", 500, false) ==
          std::vector<snapshot::EndPoint>{*snapshot::parse_end_point("192.0.2.9:80")});
    CHECK(peers("1", "1", 100, false).empty());    // not busy
    CHECK(peers("1", "0", 500, false).empty());    // nothing is reused anyway
    CHECK(peers("2", "1", 500, false).empty());    // loopback only
    CHECK(peers("2", "1", 500, true).size() == 1); // what would 1 change?
}

TEST_CASE(
    "Who holds the ports of busy destinations is looked for, on loopback too, if somebody wants to know") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 500; ++i) {
        netns.sockets.add(tests::socket(snapshot::TcpState::established, "127.0.0.1",
                                        static_cast<std::uint16_t>(40000 + i), "127.0.0.1", 80));
    }
    snapshot::Host host = host_of(std::move(netns));
    host.namespaces[0].sockets.explicit_binds_complete();
    host.namespaces[0].routes_known = true;
    model::ModelNeeds needs = ports_only();
    CHECK_FALSE(model::wants(host, {}, needs));
    needs.holders = true;
    const auto request = model::wants(host, {}, needs);
    REQUIRE(request);
    CHECK(request->peers.size() == 1);
    CHECK(request->peer_owners);
}

TEST_CASE("Peers that every command asks about are asked for in a walk of their own") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 500, 1, 5000);
    for (std::uint16_t i = 0; i < 20; ++i) {
        netns.sockets.add(tests::socket(snapshot::TcpState::syn_sent, tests::here,
                                        static_cast<std::uint16_t>(40600 + i), tests::there, 81));
    }
    netns.sockets.add(tests::socket(snapshot::TcpState::established, tests::here, 40700, tests::there, 82));
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "1");
    snapshot::Host host = host_of(std::move(netns));
    host.namespaces[0].sockets.explicit_binds_complete();
    host.namespaces[0].routes_known = true;
    model::ModelNeeds needs = ports_only();
    const auto of_check = model::wants(host, {}, needs);
    needs.holders = true;
    const auto of_report = model::wants(host, {}, needs);
    REQUIRE(of_check);
    REQUIRE(of_report);
    CHECK(of_check->peers.size() == 1);
    CHECK(of_report->peers == of_check->peers);
    host.namespaces[0].peers.push_back({of_report->peers[0], {}, {}});
    const auto next = model::wants(host, {}, needs);
    REQUIRE(next);
    CHECK(next->peers == std::vector<snapshot::EndPoint>{*snapshot::parse_end_point("192.0.2.9:81")});
    host.namespaces[0].peers.push_back({next->peers[0], {}, {}});
    CHECK_FALSE(model::wants(host, {}, needs)); // port 82 has one connection
}

TEST_CASE("A destination with few connections is named if it is silent, or if many share the ports") {
    const auto asked = [](std::size_t remotes, std::uint8_t retransmits) {
        auto netns = tests::netns();
        for (std::uint16_t i = 0; i < remotes; ++i) {
            snapshot::Socket socket = tests::socket(snapshot::TcpState::established, tests::here,
                                                    static_cast<std::uint16_t>(40000 + i), tests::there,
                                                    static_cast<std::uint16_t>(80 + i));
            socket.timer = snapshot::Timer::retransmit;
            socket.retransmits = retransmits;
            socket.expires_ms = 1;
            netns.sockets.add(socket);
        }
        snapshot::Host host = host_of(std::move(netns));
        host.namespaces[0].sockets.explicit_binds_complete();
        model::ModelNeeds needs = ports_only();
        needs.holders = true;
        const auto request = model::wants(host, {}, needs);
        return request ? request->peers.size() : 0;
    };
    CHECK(asked(3, 0) == 0);
    CHECK(asked(3, 7) == 3);
    CHECK(asked(500, 0) == 32);
}

TEST_CASE("One walk asks about so many peers, the busiest") {
    auto netns = tests::netns();
    for (std::uint16_t remote = 0; remote < 34; ++remote) {
        for (std::uint16_t i = 0; i < 20 + remote; ++i) {
            netns.sockets.add(tests::socket(snapshot::TcpState::syn_sent, tests::here,
                                            static_cast<std::uint16_t>(40000 + i), tests::there,
                                            static_cast<std::uint16_t>(80 + remote)));
        }
    }
    snapshot::Host host = host_of(std::move(netns));
    host.namespaces[0].sockets.explicit_binds_complete();
    host.namespaces[0].routes_known = true;
    model::ModelNeeds needs = ports_only();
    needs.holders = true;
    const auto request = model::wants(host, {}, needs);
    REQUIRE(request);
    REQUIRE(request->peers.size() == 32);
    CHECK(request->peers.front() == *snapshot::parse_end_point("192.0.2.9:113"));
    CHECK(request->peers.back() == *snapshot::parse_end_point("192.0.2.9:82"));
}

TEST_CASE("Who holds listeners is looked for when a queue is not empty, once") {
    const auto listening = [](std::uint32_t waiting) {
        auto netns = tests::netns();
        auto listener = tests::socket(snapshot::TcpState::listen, "0.0.0.0", 80, "0.0.0.0", 0);
        listener.rqueue = waiting;
        netns.sockets.add_listener(listener);
        return host_of(std::move(netns));
    };
    model::ModelNeeds needs = ports_only();
    needs.holders = true;
    CHECK_FALSE(model::wants(listening(0), {}, needs));
    CHECK_FALSE(model::wants(listening(1), {}, ports_only()));
    snapshot::Host host = listening(1);
    REQUIRE(model::wants(host, {}, needs));
    CHECK(model::wants(host, {}, needs)->queue_owners);
    host.namespaces[0].queue_owners.emplace();
    CHECK_FALSE(model::wants(host, {}, needs));
}

TEST_CASE("The remote end that was asked about is looked at, once") {
    snapshot::Host host = host_of(tests::netns());
    model::ModelNeeds needs;
    needs.exact_ports = true;
    needs.towards = snapshot::parse_end_point("192.0.2.9:80");
    auto request = model::wants(host, {}, needs);
    REQUIRE(request);
    CHECK(request->peers.size() == 1);
    CHECK(request->early_binds);
    host.namespaces[0].peers.push_back({*needs.towards, {}, {}});
    request = model::wants(host, {}, needs);
    REQUIRE(request);
    CHECK(request->peers.empty());
}

TEST_CASE("What /proc cannot tell is not asked for") {
    auto netns = tests::netns();
    netns.source = snapshot::SocketSource::proc;
    model::ModelNeeds everything = ports_only();
    everything.exact_ports = true;
    CHECK_FALSE(model::wants(host_of(std::move(netns)), {}, everything));
}

TEST_CASE("The ports command asks for both, states for bound sockets") {
    model::ModelNeeds exact;
    exact.exact_ports = true;
    const auto request = model::wants(host_of(tests::netns()), {}, exact);
    REQUIRE(request);
    CHECK(request->explicit_binds);
    CHECK(request->bound_sockets);
    model::ModelNeeds count;
    count.bound_count = true;
    CHECK_FALSE(model::wants(host_of(tests::netns()), {}, count)->explicit_binds);
}

TEST_CASE("sysctl.d is read for the initial namespace only") {
    model::ModelNeeds boot;
    boot.boot_sysctls = true;
    CHECK_FALSE(model::wants(host_of(tests::netns()), {}, boot));
    auto initial = tests::netns();
    initial.sysctls.set("net.ipv4.tcp_max_orphans", "65536");
    snapshot::Host host = host_of(std::move(initial));
    CHECK(model::wants(host, {}, boot)->boot_sysctls);
    host.namespaces[0].boot_sysctls.emplace();
    CHECK_FALSE(model::wants(host, {}, boot));
}

TEST_CASE("Owners are looked for when five sockets are stuck for 5 s, once, and only if a rule reads them") {
    const auto with = [](std::uint32_t count, std::uint32_t age_ms, std::uint32_t wqueue) {
        auto netns = tests::netns();
        for (std::uint32_t i = 1; i <= count; ++i) {
            auto one = tests::socket(snapshot::TcpState::close_wait, tests::here, 40000, tests::there, 80);
            one.inode = i;
            one.wqueue = wqueue;
            one.activity = snapshot::Activity{age_ms, age_ms, age_ms, true};
            netns.sockets.add_close_wait(one);
        }
        return host_of(std::move(netns));
    };
    model::ModelNeeds owners;
    owners.owners = true;
    snapshot::Host stuck = with(5, 5000, 0);
    const auto request = model::wants(stuck, {}, owners);
    REQUIRE(request);
    CHECK(request->owners_of_age_ms == 5000);
    CHECK_FALSE(request->explicit_binds);
    CHECK_FALSE(model::wants(stuck, {}, model::ModelNeeds{}));
    stuck.namespaces[0].owners.emplace();
    CHECK_FALSE(model::wants(stuck, {}, owners));
    CHECK_FALSE(model::wants(with(4, 5000, 0), {}, owners));
    CHECK_FALSE(model::wants(with(5, 4999, 0), {}, owners));
    CHECK_FALSE(model::wants(with(5, 5000, 1), {}, owners)); // half-closed
}
