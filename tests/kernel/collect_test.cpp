#include "kernel/collect.h"
#include "tests/kernel/messages.h"

#include "tests/catch.h"

#include <cerrno>

using base::Why;
using kernel::Walk;
using snapshot::SocketSource;
using snapshot::TcpState;
using test::Bytes;
using test::operator+;

namespace {

const std::string proc_table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 12345 1\n"
    "   1: 0100007F:1F90 0200000A:01BB 08 00000000:00000001 00:00000000 00000000  1000        0 777 1\n";

struct World {
    std::vector<kernel::Target> targets;
    test::Machine* machine;

    World() {
        auto owned = std::make_unique<test::Machine>();
        machine = owned.get();
        machine->files.emplace("/proc/sys/kernel/hostname", std::string("web1\n"));
        machine->files.emplace("/proc/sys/kernel/osrelease", std::string("6.1.0-18-amd64\n"));
        targets.push_back({"this namespace", 42, std::move(owned)});
        test::Fields listener;
        listener.state = 10;
        listener.local = "0.0.0.0";
        listener.local_port = 8080;
        machine->answer(Walk::listeners, {test::socket_message(listener) + test::done()});
        machine->answer(Walk::connections, {test::socket_message({}), test::done()});
    }
    test::Machine& operator*() const { return *machine; }
};

test::Fields close_wait() {
    test::Fields fields;
    fields.state = 8;
    fields.local_port = 8080;
    fields.cookie = 5;
    return fields;
}

} // namespace

TEST_CASE("the base pass") {
    World world;
    const snapshot::Host host = kernel::collect(world.targets);
    CHECK(host.name == "web1");
    CHECK(host.kernel == "6.1.0-18-amd64");
    CHECK(host.time == 1000);
    REQUIRE(host.namespaces.size() == 1);
    const snapshot::Netns& netns = host.namespaces[0];
    CHECK(netns.label == "this namespace");
    CHECK(netns.id == 42);
    CHECK(netns.source == SocketSource::sock_diag);
    CHECK(netns.sockets.count(TcpState::listen) == 1);
    CHECK(netns.sockets.count(TcpState::established) == 1);
    CHECK_FALSE(netns.lost_sockets);
    CHECK(netns.gaps.empty());
    CHECK_FALSE((*world).was_asked(Walk::close_waits));
    CHECK_FALSE((*world).was_asked(Walk::bound));
}

TEST_CASE("CLOSE_WAIT is asked for with its ages only when there is any") {
    World world;
    (*world).answer(Walk::connections, {test::socket_message(close_wait()) + test::done()});
    (*world).answer(Walk::close_waits, {test::socket_message(close_wait()) + test::done()});
    const snapshot::Host host = kernel::collect(world.targets);
    CHECK((*world).was_asked(Walk::close_waits));
    REQUIRE(host.namespaces[0].sockets.close_waits().size() == 1);
    CHECK(host.namespaces[0].sockets.close_waits()[0].incoming);
    CHECK(host.namespaces[0].sockets.count(TcpState::close_wait) == 1); // not counted twice
}

TEST_CASE("without sock_diag the sockets come from /proc, and it says so") {
    World world;
    (*world).answer(Walk::listeners, {test::refused(ENOENT)});
    (*world).files.emplace("/proc/thread-self/net/tcp", proc_table);
    const snapshot::Host host = kernel::collect(world.targets);
    const snapshot::Netns& netns = host.namespaces[0];
    CHECK(netns.source == SocketSource::proc);
    CHECK_FALSE(netns.lost_sockets);
    CHECK(netns.sockets.count(TcpState::listen) == 1);
    REQUIRE(netns.sockets.close_waits().size() == 1);
    CHECK(netns.sockets.close_waits()[0].all.without_age == 1);
    REQUIRE(netns.gaps.size() == 4);
    CHECK(netns.gaps[0].detail.find("No such file or directory") != std::string::npos);

    // what /proc cannot tell is not asked for either
    snapshot::Host again = kernel::collect(world.targets);
    (*world).asked.clear();
    kernel::collect({.place = 0, .explicit_binds = true, .bound_sockets = true}, world.targets, again);
    CHECK((*world).asked.empty());
    CHECK(again.namespaces[0].sockets.bound_ports() == nullptr);
}

TEST_CASE("a listener walk that breaks off is thrown away before /proc is read") {
    World world;
    test::Fields listener;
    listener.state = 10;
    (*world).answer(Walk::listeners, {test::socket_message(listener)});
    (*world).files.emplace("/proc/thread-self/net/tcp", proc_table);
    const snapshot::Host host = kernel::collect(world.targets);
    CHECK(host.namespaces[0].sockets.count(TcpState::listen) == 1);
    CHECK(host.namespaces[0].sockets.listeners()[0].port == 8080);
}

TEST_CASE("neither sock_diag nor /proc: the sockets are lost") {
    World world;
    (*world).answer(Walk::listeners, {test::refused(EPERM)});
    const snapshot::Host host = kernel::collect(world.targets);
    CHECK(host.namespaces[0].source == SocketSource::none);
    REQUIRE(host.namespaces[0].lost_sockets);
    CHECK(host.namespaces[0].lost_sockets->why == Why::denied);

    (*world).files.emplace("/proc/thread-self/net/tcp", proc_table);
    (*world).files.emplace("/proc/thread-self/net/tcp6", base::Gap{"tcp6", Why::denied, "Permission denied"});
    CHECK(kernel::collect(world.targets).namespaces[0].lost_sockets); // one family alone would look whole
}

TEST_CASE("a dump that ends early is lost, whatever the reason") {
    const auto lost = [](std::vector<Bytes> frames) {
        World world;
        (*world).answer(Walk::connections, std::move(frames));
        return kernel::collect(world.targets).namespaces[0].lost_sockets;
    };
    const Bytes one = test::socket_message({});
    const auto check = [&](std::vector<Bytes> frames) {
        const auto gap = lost(std::move(frames));
        REQUIRE(gap);
        CHECK(gap->why == Why::truncated);
    };
    check({one});
    check({one, Bytes(one.begin(), one.end() - 8)});
    check({one, test::done(-ENOMEM)});
    check({one, test::refused(ENOBUFS)});
    CHECK_FALSE(lost({one, test::done()}));

    World world;
    (*world).answer(Walk::connections, {one});
    (*world).dump_gaps.emplace(kernel::request_for({Walk::connections}),
                               base::Gap{"x", Why::failed, "the time was up"});
    const auto gap = kernel::collect(world.targets).namespaces[0].lost_sockets;
    REQUIRE(gap);
    CHECK(gap->why == Why::truncated);
    CHECK(gap->detail == "the time was up");
}

TEST_CASE("a CLOSE_WAIT pass that breaks off is lost too") {
    World world;
    (*world).answer(Walk::connections, {test::socket_message(close_wait()) + test::done()});
    (*world).answer(Walk::close_waits, {test::socket_message(close_wait())});
    CHECK(kernel::collect(world.targets).namespaces[0].lost_sockets);
}

TEST_CASE("messages that make no sense may hide anything: the table is not whole") {
    World world;
    test::Fields strange;
    strange.state = 200;
    (*world).answer(Walk::connections, {test::socket_message(strange) + test::done()});
    const snapshot::Host host = kernel::collect(world.targets);
    REQUIRE(host.namespaces[0].lost_sockets);
    CHECK(host.namespaces[0].lost_sockets->why == Why::truncated);
}

TEST_CASE("explicit binds and bound sockets on request") {
    World world;
    test::Fields bound;
    bound.state = 7;
    bound.local_port = 41000;
    (*world).answer(Walk::bound, {test::socket_message(bound) + test::done()});
    test::Fields given;
    given.local_port = 41001;
    (*world).answer(Walk::explicit_binds, {test::socket_message(given) + test::done()});
    snapshot::Host host = kernel::collect(world.targets);
    CHECK(host.namespaces[0].sockets.bound_ports() == nullptr);
    kernel::collect({.place = 0, .explicit_binds = true, .bound_sockets = true}, world.targets, host);
    const snapshot::Census& sockets = host.namespaces[0].sockets;
    REQUIRE(sockets.bound_ports() != nullptr);
    CHECK(sockets.bound_ports()->test(41000));
    REQUIRE(sockets.explicit_ports() != nullptr);
    CHECK(sockets.explicit_ports()->test(41001));
    CHECK(sockets.count(TcpState::bound) == 1);
    kernel::collect({.place = 7, .explicit_binds = true}, world.targets, host); // no such place
}

TEST_CASE("no bound sockets: none, or a kernel that does not tell") {
    const auto known = [](const char* release, const char* sockstat) {
        World world;
        (*world).answer(Walk::bound, {test::done()});
        (*world).files.at("/proc/sys/kernel/osrelease") = std::string(release);
        (*world).files.emplace("/proc/thread-self/net/sockstat", std::string(sockstat));
        snapshot::Host host = kernel::collect(world.targets);
        kernel::collect({.place = 0, .bound_sockets = true}, world.targets, host);
        const bool complete = host.namespaces[0].sockets.bound_ports() != nullptr;
        CHECK(complete == host.namespaces[0].gaps.empty());
        return complete;
    };
    const char* surplus = "TCP: inuse 5 orphan 0 tw 0 alloc 9 mem 1\n";
    const char* balanced = "TCP: inuse 5 orphan 0 tw 0 alloc 5 mem 1\n";
    CHECK(known("6.8.0-31-generic", surplus));
    CHECK(known("6.18.44", surplus));
    CHECK(known("7.0", surplus));
    CHECK(known("6.1.0", balanced));
    CHECK_FALSE(known("6.1.0", surplus));
    CHECK_FALSE(known("5.14.0", ""));
    CHECK_FALSE(known("", surplus));
}

TEST_CASE("a request that fails is a gap and leaves its set unknown") {
    World world;
    (*world).answer(Walk::explicit_binds, {test::socket_message({})});
    (*world).answer(Walk::bound, {test::refused(EINVAL)});
    snapshot::Host host = kernel::collect(world.targets);
    kernel::collect({.place = 0, .explicit_binds = true, .bound_sockets = true}, world.targets, host);
    CHECK(host.namespaces[0].sockets.explicit_ports() == nullptr);
    CHECK(host.namespaces[0].sockets.bound_ports() == nullptr);
    CHECK(host.namespaces[0].gaps.size() == 2);
    CHECK_FALSE(host.namespaces[0].lost_sockets);
}

TEST_CASE("a sysctl that every namespace has is hidden, not absent") {
    World world;
    const snapshot::Host host = kernel::collect(world.targets);
    const snapshot::Sysctls& sysctls = host.namespaces[0].sysctls;
    CHECK(sysctls.text("net.ipv4.ip_local_port_range").error().why == Why::failed);
    CHECK(sysctls.text("net.ipv4.tcp_max_orphans").error().why ==
          Why::absent); // of the initial namespace only
    CHECK(sysctls.text("net.ipv4.tcp_tw_recycle").error().why == Why::absent);
}

TEST_CASE("live sockets of a remote end: timestamps and who holds them") {
    World world;
    const auto info = [](std::uint8_t options) {
        Bytes bytes(280);
        bytes[5] = std::byte{options}; // tcpi_options
        return test::attribute(INET_DIAG_INFO, bytes);
    };
    test::Fields fields;
    fields.uid = 33;
    fields.inode = 4711;
    test::Fields waiting = fields;
    waiting.state = 2; // SYN_SENT has negotiated nothing yet
    test::Fields stranger = fields;
    stranger.remote = "10.0.0.9";
    const snapshot::EndPoint remote = *snapshot::parse_end_point("10.0.0.2:443");
    (*world).dumps[kernel::request_for({Walk::peers, std::vector{remote}})] = {
        test::socket_message(fields, info(1)) + test::socket_message(fields, info(0)) +
        test::socket_message(waiting, info(0)) + test::socket_message(stranger, info(1)) + test::done()};
    snapshot::Host host = kernel::collect(world.targets);
    kernel::collect({.place = 0, .peers = {remote}}, world.targets, host);
    const snapshot::Peer* peer = host.namespaces[0].find_peer(remote);
    REQUIRE(peer != nullptr);
    CHECK(peer->timestamps.with == 1);
    CHECK(peer->timestamps.without == 1);
    REQUIRE(peer->sockets.size() == 3);
    CHECK(peer->sockets[0].uid == 33);
    CHECK(peer->sockets[0].inode == 4711);

    // refused twice is one gap, and no answer
    const snapshot::EndPoint other = *snapshot::parse_end_point("10.0.0.3:443");
    (*world).dumps[kernel::request_for({Walk::peers, std::vector{other}})] = {test::refused(EINVAL)};
    kernel::collect({.place = 0, .peers = {other}}, world.targets, host);
    kernel::collect({.place = 0, .peers = {other}}, world.targets, host);
    CHECK(host.namespaces[0].find_peer(other) == nullptr);
    CHECK(host.namespaces[0].gaps.size() == 1);
}

TEST_CASE("options of sockets are asked for only where they prove something") {
    for (const char* release : {"6.17.9", "6.18.0", "7.1"}) {
        World world;
        (*world).files.at("/proc/sys/kernel/osrelease") = std::string(release);
        (*world).answer(Walk::options, {test::socket_message({}) + test::done()});
        snapshot::Host host = kernel::collect(world.targets);
        CHECK(host.namespaces[0].sockets.early_ports() == nullptr);
        kernel::collect({.place = 0, .early_binds = true}, world.targets, host);
        const bool proves = std::string(release) != "6.17.9";
        CHECK((*world).was_asked(Walk::options) == proves);
        REQUIRE(host.namespaces[0].sockets.early_ports() != nullptr);
        CHECK(host.namespaces[0].sockets.early_ports()->count() == (proves ? 1U : 65536U));
    }
}
