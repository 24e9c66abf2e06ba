// Every source towards a destination, what a route means, and ports that a socket option confines.
#include "model/reach.h"

#include "model/ports_answer.h"
#include "tests/catch.h"
#include "tests/model/spaces.h"

using snapshot::Address;
using snapshot::Route;
using snapshot::TcpState;

namespace {

void connect(snapshot::Netns& netns, const char* source, std::uint16_t first, std::uint16_t count,
             std::uint16_t step = 2, const char* to = "192.0.2.9", std::uint16_t to_port = 80) {
    for (std::uint16_t i = 0; i < count; ++i) {
        netns.sockets.add(tests::socket(TcpState::established, source,
                                        static_cast<std::uint16_t>(first + i * step), to, to_port));
    }
}

using Sources = std::vector<std::pair<std::string, std::uint32_t>>;

/// Source and ports in use of each destination.
Sources sources(const snapshot::Netns& netns, const model::PortsQuery& query) {
    Sources found;
    for (const auto& one : model::ports_answer(netns, netns.sysctls, query).destinations) {
        found.emplace_back(one.local.value_or("unknown"), one.in_use);
    }
    return found;
}

model::PortsQuery to_80(const char* routed = nullptr) {
    model::PortsQuery query;
    query.to = snapshot::parse_end_point("192.0.2.9:80");
    query.routed = routed != nullptr ? Address::parse(routed) : std::nullopt;
    return query;
}

std::optional<facts::PortBand> band(const snapshot::Netns& netns) {
    return tests::towards(netns).own_range;
}

} // namespace

TEST_CASE("every source in use is answered for, the worst first, and the one that routing chooses") {
    auto netns = tests::netns();
    connect(netns, "192.0.2.1", 40000, 10);
    connect(netns, "192.0.2.3", 40000, 40);
    CHECK(sources(netns, to_80("192.0.2.2")) ==
          Sources{{"192.0.2.3", 40}, {"192.0.2.1", 10}, {"192.0.2.2", 0}});
    CHECK(sources(netns, to_80("192.0.2.1")) == Sources{{"192.0.2.3", 40}, {"192.0.2.1", 10}});
    CHECK(sources(netns, to_80()) == Sources{{"192.0.2.3", 40}, {"192.0.2.1", 10}});
    CHECK(sources(tests::netns(), to_80()) == Sources{{"unknown", 0}});
    model::PortsQuery one = to_80();
    one.from = Address::parse("192.0.2.7");
    CHECK(sources(netns, one) == Sources{{"192.0.2.7", 0}});
}

TEST_CASE("of many sources the one that routing chooses is among those shown") {
    auto netns = tests::netns();
    connect(netns, "192.0.2.1", 40000, 30);
    connect(netns, "192.0.2.2", 40000, 20);
    connect(netns, "192.0.2.3", 40000, 10);
    model::PortsQuery query = to_80("192.0.2.3");
    query.top = 2;
    CHECK(sources(netns, query) == Sources{{"192.0.2.1", 30}, {"192.0.2.3", 10}});
    CHECK(model::ports_answer(netns, netns.sysctls, query).left_out == 1);
}

TEST_CASE("a port alone takes every destination in use that has it") {
    auto netns = tests::netns();
    connect(netns, "192.0.2.1", 40000, 10);
    connect(netns, "192.0.2.1", 40000, 20, 2, "192.0.2.8", 80);
    connect(netns, "192.0.2.1", 40000, 30, 2, "192.0.2.8", 81);
    model::PortsQuery query;
    query.to_port = 80;
    CHECK(sources(netns, query) == Sources{{"192.0.2.1", 20}, {"192.0.2.1", 10}});
    query.to_port = 82;
    CHECK(sources(netns, query).empty());
}

TEST_CASE("a failed route says which call fails, how and why") {
    const auto reason = [](const snapshot::RouteQuery& asked, Route::Step step, const char* error) {
        const facts::Reach reach = model::reach_of(asked, {std::nullopt, step, error});
        return reach.call + " " + reach.error + ": " + reach.reason;
    };
    const Address remote = *Address::parse("2001:db8::1");
    CHECK(reason({remote}, Route::Step::connect, "ENETUNREACH") ==
          "connect() ENETUNREACH: there is no route to 2001:db8::1");
    CHECK(reason({remote}, Route::Step::connect, "EADDRNOTAVAIL") ==
          "connect() EADDRNOTAVAIL: this host has no IPv6 address to connect from");
    CHECK(reason({remote, Address::parse("2001:db8::2")}, Route::Step::bind, "EADDRNOTAVAIL") ==
          "bind() EADDRNOTAVAIL: 2001:db8::2 is not an address of this host");
    CHECK(model::reach_of({remote}, {remote}).possible);
}

TEST_CASE("odd and even ports side by side in a narrow band are a range of the sockets themselves") {
    auto netns = tests::netns();
    connect(netns, "192.0.2.1", 40500, 100, 1);
    REQUIRE(band(netns));
    CHECK(band(netns)->low == 40500);
    CHECK(band(netns)->high == 40599);
    CHECK(band(netns)->in_use == 100);
    connect(netns, "192.0.2.1", 40000, 60, 2); // others of the same program, without the option
    REQUIRE(band(netns));
    CHECK(band(netns)->low == 40500);
}

TEST_CASE("ports that connect() or bind() chose by themselves are no such band") {
    auto even = tests::netns();
    connect(even, "192.0.2.1", 40500, 100, 2);
    CHECK_FALSE(band(even));
    auto full = tests::netns(); // odd ones because the even ones are used up
    connect(full, "192.0.2.1", 40000, 600, 1);
    CHECK_FALSE(band(full));
    auto bound = tests::netns();
    connect(bound, "192.0.2.1", 40001, 40, 22);
    CHECK_FALSE(band(bound));
    auto chosen = tests::netns(); // by the program itself
    connect(chosen, "192.0.2.1", 40500, 100, 1);
    for (std::uint16_t port = 40500; port < 40600; ++port) {
        chosen.sockets.add_explicit(tests::socket(TcpState::established, "192.0.2.1", port, "192.0.2.9", 80));
    }
    chosen.sockets.explicit_binds_complete();
    CHECK_FALSE(band(chosen));
}
