// What the sockets on a local port mean for a program that wants it; tests/lab tries the same on the kernel.
#include "model/local_port.h"

#include "tests/catch.h"
#include "tests/model/spaces.h"

using Role = facts::PortSocket::Role;
using snapshot::Socket;
using snapshot::TcpState;

namespace {

snapshot::Netns with(std::vector<snapshot::SocketOnPort> sockets, std::uint16_t port = 40010) {
    snapshot::Netns netns = tests::netns();
    netns.local_port = snapshot::LocalPort{port, std::move(sockets), 0, {}};
    return netns;
}

facts::PortAnswer answer(const snapshot::Netns& netns) {
    return model::local_port_answer(netns, netns.sysctls);
}

Socket outgoing(TcpState state = TcpState::established, std::uint16_t remote_port = 5432) {
    return tests::socket(state, "192.0.2.1", 40010, "192.0.2.9", remote_port);
}

using Verdicts = std::vector<std::optional<bool>>; // bind, listen, connect

Verdicts verdicts(const facts::PortAnswer& of) {
    return {of.bind.possible, of.listen.possible, of.connect.possible};
}

} // namespace

TEST_CASE("a port that nobody has can be had, and connect() chooses it within the range only") {
    CHECK(verdicts(answer(with({}))) == Verdicts{true, true, true});
    CHECK(verdicts(answer(with({}, 8080))) == Verdicts{true, true, false});
    CHECK(answer(with({}, 80)).bind.note.find("CAP_NET_BIND_SERVICE") != std::string::npos);
    auto reserved = with({});
    reserved.sysctls.set("net.ipv4.ip_local_reserved_ports", "40010");
    CHECK(verdicts(answer(reserved)) == Verdicts{true, true, false});
    CHECK(answer(reserved).reserved_then.empty());
}

TEST_CASE("an outgoing connection keeps a server off its port, also in TIME_WAIT") {
    const auto live = answer(with({{outgoing(), false}}));
    CHECK(live.sockets.at(0).role == Role::outgoing);
    CHECK(verdicts(live) == Verdicts{false, false, std::nullopt});
    CHECK(live.listen.error == "EADDRINUSE");
    CHECK_FALSE(live.free_in);
    const auto ending =
        answer(with({{tests::time_wait("192.0.2.1", 40010, "192.0.2.9", 5432, 18'000), std::nullopt}}));
    CHECK(verdicts(ending) == Verdicts{false, false, std::nullopt});
    CHECK(ending.free_in == Approx(42));
    CHECK(ending.sockets.at(0).holder == "no process any more");
}

TEST_CASE("towards a high port of one peer it may as well have been accepted, unless others lead there too") {
    auto netns = with({{outgoing(TcpState::established, 50051), false}});
    CHECK(answer(netns).sockets.at(0).role == Role::outgoing_or_accepted);
    CHECK(verdicts(answer(netns)) == Verdicts{false, std::nullopt, std::nullopt});
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{40010, 40012}) {
        netns.sockets.add(tests::socket(TcpState::established, "192.0.2.1", port, "192.0.2.9", 50051));
    }
    CHECK(answer(netns).sockets.at(0).role == Role::outgoing);
}

TEST_CASE("listeners, what they accepted, and sockets that are only bound") {
    const auto listener = tests::listener("0.0.0.0", 40010);
    const auto served = answer(with({{outgoing(), false}, {listener, true}}));
    CHECK(served.sockets.at(0).role == Role::listens);
    CHECK(served.sockets.at(1).role == Role::accepted);
    CHECK(verdicts(served) == Verdicts{false, false, false});
    auto bound = tests::socket(TcpState::bound, "192.0.2.1", 40010, "0.0.0.0", 0);
    CHECK(verdicts(answer(with({{bound, true}}))) == Verdicts{false, std::nullopt, false});
    CHECK(verdicts(answer(with({{outgoing(), true}}))) == Verdicts{false, std::nullopt, false});
    auto orphan = tests::socket(TcpState::time_wait, "192.0.2.1", 8080, "192.0.2.9", 50000);
    const auto left = answer(with({{orphan, std::nullopt}}, 8080));
    CHECK(verdicts(left) == Verdicts{false, std::nullopt, false});
    CHECK(left.listen.note.find("if that server had set it too") != std::string::npos);
    CHECK(left.bind.note.find("a single address other than 192.0.2.1 can be bound, 0.0.0.0 and :: cannot") !=
          std::string::npos);
    auto v6 = tests::listener("::1", 40010);
    v6.v6_only = true;
    CHECK(answer(with({{v6, true}})).bind.possible == true);
}

TEST_CASE("the reservation keeps what is reserved already") {
    auto netns = with({{outgoing(), false}});
    netns.sysctls.set("net.ipv4.ip_local_reserved_ports", "40000-40009,40500");
    CHECK(answer(netns).reserved_now == "40000-40009,40500");
    CHECK(answer(netns).reserved_then == "40000-40010,40500");
}
