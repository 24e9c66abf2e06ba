#include "tests/catch.h"

#include "model/picture.h"
#include "tests/model/spaces.h"

#include <numeric>

using snapshot::Activity;
using snapshot::TcpState;

namespace {

facts::NetnsPicture picture_of(snapshot::Netns netns) {
    snapshot::Host host;
    host.namespaces.push_back(std::move(netns));
    return model::picture_of(host, {}).namespaces.at(0);
}

snapshot::Socket stuck(std::uint32_t inode, std::uint32_t uid, std::uint32_t age_s) {
    auto made = tests::socket(TcpState::close_wait, tests::here, 40000, tests::there, 80);
    made.inode = inode;
    made.uid = uid;
    made.activity = Activity{age_s * 1000, age_s * 1000, age_s * 1000, true};
    return made;
}

} // namespace

TEST_CASE("TIME_WAIT by age: 5 seconds a bin, those at the end of their life in the last one") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 3, 1, 4'900);
    tests::add_time_waits(netns, 40100, 2, 1, 5'100);
    tests::add_time_waits(netns, 40200, 1, 1, 59'500);
    tests::add_time_waits(netns, 40300, 4, 1, 60'500);
    tests::add_time_waits(netns, 20000, 1, 1, 12'000); // outside of the range: outgoing all the same
    const auto picture = picture_of(std::move(netns));
    CHECK(picture.time_wait_ages[0] == 3);
    CHECK(picture.time_wait_ages[1] == 2);
    CHECK(picture.time_wait_ages[2] == 1);
    CHECK(picture.time_wait_ages[11] == 1);
    CHECK(picture.time_wait_ages[12] == 4);
    CHECK(std::accumulate(picture.time_wait_ages.begin(), picture.time_wait_ages.end(), 0U) == 11);
    CHECK(picture.ports.destinations.at(0).time_wait == 10);
}

TEST_CASE("What a listener's clients left in TIME_WAIT is not outgoing") {
    auto netns = tests::netns();
    auto listener = tests::socket(TcpState::listen, "0.0.0.0", 80, "0.0.0.0", 0);
    netns.sockets.add_listener(listener);
    netns.sockets.add(tests::socket(TcpState::time_wait, tests::here, 80, tests::there, 50000));
    const auto picture = picture_of(std::move(netns));
    CHECK(std::accumulate(picture.time_wait_ages.begin(), picture.time_wait_ages.end(), 0U) == 0);
    CHECK(picture.listeners == 1);
    CHECK(picture.queues.empty());
}

TEST_CASE("CLOSE_WAIT by owner: most first, ages of what is stuck only") {
    auto netns = tests::netns();
    netns.sockets.add_close_wait(stuck(1, 1000, 10));
    for (std::uint32_t inode = 2; inode < 6; ++inode) {
        netns.sockets.add_close_wait(stuck(inode, 33, 4000));
    }
    auto no_age = stuck(9, 7, 1);
    no_age.activity.reset();
    netns.sockets.add_close_wait(no_age);
    const auto picture = picture_of(std::move(netns));
    REQUIRE(picture.close_wait.size() == 3);
    const facts::WaitingOwner& most = picture.close_wait[0];
    CHECK(most.total == 4);
    CHECK(most.leaked + most.unread + most.unaccepted == 4);
    REQUIRE(most.older);
    CHECK(*most.older == std::array<std::uint32_t, 6>{4, 4, 4, 4, 4, 0});
    CHECK(most.oldest == 4000);
    CHECK(most.process.empty());
    for (const facts::WaitingOwner& owner : picture.close_wait) {
        CHECK(owner.older.has_value() == owner.oldest.has_value());
    }
    CHECK(std::count_if(picture.close_wait.begin(), picture.close_wait.end(),
                        [](const facts::WaitingOwner& owner) { return !owner.older; }) == 1);
}

TEST_CASE("Accept queues that are not empty, the longest first; limits only from sock_diag") {
    const auto listening = [](std::uint16_t port, std::uint32_t queue) {
        auto listener = tests::socket(TcpState::listen, "0.0.0.0", port, "0.0.0.0", 0);
        listener.rqueue = queue;
        listener.wqueue = 128;
        return listener;
    };
    const auto picture_from = [&](snapshot::SocketSource source) {
        auto netns = tests::netns();
        netns.source = source;
        for (std::uint16_t port = 1; port <= 14; ++port) {
            netns.sockets.add_listener(listening(port, port - 1));
        }
        return picture_of(std::move(netns));
    };
    const auto picture = picture_from(snapshot::SocketSource::sock_diag);
    CHECK(picture.listeners == 14);
    REQUIRE(picture.queues.size() == 10);
    CHECK(picture.queues_left_out == 3);
    CHECK(picture.queues[0].listener == "*:14");
    CHECK(picture.queues[0].queue == 13);
    CHECK(picture.queues[0].limit == 128U);
    CHECK(picture.queues[0].holder.empty());
    CHECK_FALSE(picture_from(snapshot::SocketSource::proc).queues[0].limit);
}

TEST_CASE("Who holds a listener with a queue: its unit and process, as far as somebody looked") {
    const auto holder_seen_in = [](const snapshot::Owners& owners) {
        auto netns = tests::netns();
        auto listener = tests::socket(TcpState::listen, "0.0.0.0", 80, "0.0.0.0", 0);
        listener.rqueue = 5;
        listener.inode = 42;
        listener.uid = 33;
        netns.sockets.add_listener(listener);
        netns.queue_owners = owners;
        return picture_of(std::move(netns)).queues.at(0).holder;
    };
    CHECK(holder_seen_in({}) == "uid 33");
    snapshot::Process process;
    process.pid = 812;
    process.command = "nginx\x1b";
    process.cgroup = "/system.slice/nginx.service";
    snapshot::Owners owners;
    owners.holders = {{process}, {{42, 0, 3}}, std::nullopt};
    CHECK(holder_seen_in(owners) == "nginx.service, nginx? (pid 812)");
}

TEST_CASE("Destinations: the ten that use most ports, with who holds those that were looked at") {
    auto netns = tests::netns();
    for (std::uint16_t port = 1; port <= 12; ++port) {
        for (std::uint16_t i = 0; i < port; ++i) {
            netns.sockets.add(tests::socket(TcpState::established, tests::here,
                                            static_cast<std::uint16_t>(40000 + port * 20 + i), tests::there,
                                            port));
        }
    }
    snapshot::Peer peer;
    peer.remote = *snapshot::parse_end_point("192.0.2.9:12");
    snapshot::PeerSocket held;
    held.source = *snapshot::Address::parse(tests::here);
    held.port = 40240;
    held.uid = 1000;
    peer.sockets = {held};
    netns.peers.push_back(peer);
    const auto picture = picture_of(std::move(netns));
    REQUIRE(picture.ports.destinations.size() == 10);
    CHECK(picture.ports.destinations[0].remote_port == 12);
    CHECK(picture.ports.destinations[0].holders.size() == 1);
    CHECK(picture.ports.destinations[1].holders.empty());
}
