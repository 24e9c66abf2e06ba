// Who holds the ports of a destination, and what has blocked the others.
#include "model/ports_answer.h"

#include "base/text.h"
#include "tests/catch.h"
#include "tests/model/spaces.h"

using snapshot::TcpState;
using tests::here;
using tests::there;
using Held = std::vector<std::pair<std::string, std::uint32_t>>;

namespace {

constexpr const char* nginx_path = "/system.slice/nginx.service";

snapshot::PeerSocket peer_socket(std::uint16_t port, std::uint32_t inode, std::uint32_t uid = 33,
                                 TcpState state = TcpState::established) {
    return {*snapshot::Address::parse(here), port, 0, state, uid, inode, std::nullopt};
}

snapshot::Process process(std::uint32_t pid, std::string command, std::string cgroup = "") {
    snapshot::Process made;
    made.pid = pid;
    made.command = std::move(command);
    made.cgroup = std::move(cgroup);
    return made;
}

/// The holders that `ports --to 192.0.2.9:80 --from 192.0.2.1` shows.
Held holders(const snapshot::Peer& peer, std::uint16_t time_waits = 0) {
    auto netns = tests::netns();
    netns.peers.push_back(peer);
    tests::add_time_waits(netns, 40500, time_waits, 2, 5000);
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("192.0.2.9:80");
    query.from = snapshot::Address::parse(here);
    Held names;
    const auto answer = model::ports_answer(netns, netns.sysctls, query);
    for (const auto& holder : answer.destinations.at(0).holders) {
        names.emplace_back(holder.name + (holder.inferred ? " (inferred)" : ""), holder.ports);
    }
    return names;
}

snapshot::Peer peer_of(std::vector<snapshot::PeerSocket> sockets) {
    return {*snapshot::parse_end_point("192.0.2.9:80"), {}, std::move(sockets), snapshot::Owners{}};
}

} // namespace

TEST_CASE("the ports of a destination are held by processes of units, else by users") {
    auto peer =
        peer_of({peer_socket(40000, 1), peer_socket(40002, 2), peer_socket(40004, 3), peer_socket(40006, 4)});
    peer.owners->holders.processes = {process(812, "nginx", nginx_path), process(900, "cu|rl\x1b[0m")};
    peer.owners->holders.sockets = {{1, 0, 5}, {2, 0, 6}, {3, 1, 3}};
    CHECK(holders(peer) == Held{{"nginx.service, nginx (pid 812)", 2},
                                {base::printable("cu|rl\x1b[0m") + " (pid 900)", 1},
                                {"uid 33", 1}});
}

TEST_CASE("without a process the control group of the socket tells the unit") {
    auto peer = peer_of({peer_socket(40000, 1)});
    peer.sockets[0].cgroup = 77;
    peer.owners->cgroups.emplace(77, std::string(nginx_path));
    CHECK(holders(peer) == Held{{"nginx.service", 1}});
    peer.owners.reset(); // nobody looked
    CHECK(holders(peer) == Held{{"uid 33", 1}});
}

TEST_CASE("TIME_WAIT is put down to whoever holds most of the live connections") {
    auto peer = peer_of({peer_socket(40000, 1)});
    CHECK(holders(peer, 20) ==
          Held{{"TIME_WAIT, no process; by its live connections uid 33 (inferred)", 20}, {"uid 33", 1}});
    CHECK(holders(peer, 1).front().first == "uid 33"); // whoever holds most stands first
    CHECK(holders(peer_of({}), 20) == Held{{"TIME_WAIT, no process", 20}});
    CHECK(holders(peer_of({peer_socket(40000, 0, 0, TcpState::last_ack)}), 20) ==
          Held{{"TIME_WAIT, no process", 20}, {"no process: closed, the kernel finishes the connection", 1}});
    peer.owners->holders.processes = {process(5, "no process")}; // a name like any other
    peer.owners->holders.sockets = {{1, 0, 3}};
    CHECK(holders(peer, 20) ==
          Held{{"TIME_WAIT, no process; by its live connections no process (pid 5) (inferred)", 20},
               {"no process (pid 5)", 1}});
}

TEST_CASE("what the kernel finishes by itself has no holder; other sources and ports do not count") {
    auto peer =
        peer_of({peer_socket(40000, 0, 0, TcpState::last_ack), peer_socket(40002, 0, 0, TcpState::fin_wait2),
                 peer_socket(1024, 7), peer_socket(40004, 8)});
    peer.sockets[3].source = *snapshot::Address::parse("192.0.2.77");
    peer.sockets.push_back(peer_socket(40008, 9));
    peer.sockets[4].device = 3; // no obstacle for a socket without a device
    CHECK(holders(peer) == Held{{"no process: closed, the kernel finishes the connection", 1},
                                {"no process: the peer has not closed yet (FIN_WAIT2)", 1}});
}

TEST_CASE("each blocked port counts once, for its first reason, and their sum is what is blocked") {
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("127.0.0.9", 40010));
    for (const std::uint16_t port : {std::uint16_t{40010}, std::uint16_t{40012}}) {
        netns.sockets.add_bound(tests::socket(TcpState::close, here, port, "0.0.0.0", 0));
    }
    netns.sockets.bound_complete();
    for (const std::uint16_t port : {std::uint16_t{40014}, std::uint16_t{40016}, std::uint16_t{40018}}) {
        const auto bound = tests::socket(TcpState::established, here, port, there, port == 40018 ? 80 : 81);
        netns.sockets.add(bound);
        netns.sockets.add_explicit(bound);
    }
    netns.sockets.explicit_binds_complete();
    netns.sockets.add(tests::socket(TcpState::established, here, 40101, there, 81)); // odd: looks bound
    const auto d = tests::towards(netns);
    REQUIRE(d.blocked_by);
    CHECK(d.blocked_by->listeners == 1);
    CHECK(d.blocked_by->bound == 1);
    CHECK(d.blocked_by->explicit_binds == 2); // the third is held by this destination itself
    CHECK(d.blocked_by->suspected == 1);
    CHECK(d.blocked_by->services == 0);
    CHECK(d.blocked == 5);
}
