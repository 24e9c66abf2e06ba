#include "model/rates.h"

#include "facts/schema.h"
#include "model/derive.h"
#include "tests/catch.h"
#include "tests/model/spaces.h"

using history::NetnsHistory;
using model::Rates;

namespace {

constexpr snapshot::Counter overflows = "netstat.TcpExt.ListenOverflows";
constexpr snapshot::Counter conntrack = "conntrack.drop";

history::Sample sample(double uptime, std::uint64_t count) {
    history::Sample made;
    made.uptime = uptime;
    made.counters[overflows] = count;
    return made;
}

snapshot::Netns counted(std::uint64_t count) {
    auto netns = tests::netns();
    netns.counters.set("netstat.TcpExt.ListenOverflows", count);
    return netns;
}

std::string reason(const snapshot::Reading<double>& reading) {
    return reading ? "known" : reading.error().detail;
}

/// The facts of a host, and the earlier runs that they refer to.
struct Derived {
    history::History history;
    facts::Facts facts;
};

/// What samples of 420, 300, 60 and 10 seconds ago say of a destination.
std::unique_ptr<Derived> growing(const snapshot::Host& host, std::uint32_t first, std::uint32_t then,
                                 std::uint32_t last) {
    auto derived = std::make_unique<Derived>();
    history::History& history = derived->history;
    history.uptime = 1000;
    history.namespaces.resize(1);
    const std::uint64_t key = model::level_key_of_destination(tests::here, "192.0.2.9:80", 0);
    const std::pair<double, std::uint32_t> levels[] = {{580, first}, {700, first}, {940, then}, {990, last}};
    for (const auto& [uptime, count] : levels) {
        history::Sample made;
        made.uptime = uptime;
        made.levels = {{key, count}};
        history.namespaces[0].samples.push_back(made);
    }
    derived->facts = model::derive(host, {}, history);
    return derived;
}

facts::Value of_destination(const facts::Facts& facts, std::string_view column) {
    const facts::Table& table = facts.namespaces.at(0).table(facts::TableId::destination);
    return table.get(0, *table.schema().find(column));
}

facts::Value of_destination(const std::unique_ptr<Derived>& derived, std::string_view column) {
    return of_destination(derived->facts, column);
}

snapshot::Host established(std::uint16_t connections) {
    snapshot::Host host;
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < connections; ++i) {
        netns.sockets.add(tests::socket(snapshot::TcpState::established, tests::here,
                                        static_cast<std::uint16_t>(40000 + 2 * i), tests::there, 80));
    }
    host.namespaces.push_back(std::move(netns));
    return host;
}

} // namespace

TEST_CASE("A rate is the growth since the newest sample of at least half a minute ago") {
    const auto netns = counted(400);
    const NetnsHistory history{{sample(100, 0), sample(160, 100), sample(195, 399)}, {}};
    const Rates rates(netns, &history, 200, "");
    REQUIRE(rates.per_second(overflows));
    CHECK(*rates.per_second(overflows) == 300.0 / 40);
    CHECK(*rates.interval() == 40);
}

TEST_CASE("Two runs a second apart make no rate") {
    const auto netns = counted(400);
    const NetnsHistory history{{sample(199, 0)}, {}};
    CHECK(reason(Rates(netns, &history, 200, "").per_second(overflows)) == "none was 30 s to an hour ago");
    CHECK(reason(Rates(netns, nullptr, 200, "--no-state").per_second(overflows)) == "--no-state");
    CHECK(Rates(netns, nullptr, 200, "x").per_second(overflows).error().why == base::Why::absent);
}

TEST_CASE("A counter that went back is another namespace's, and gives no rate at all") {
    auto netns = counted(400);
    netns.counters.set("snmp.Tcp.OutSegs", 5);
    NetnsHistory history{{sample(100, 0)}, {}};
    history.samples[0].counters["snmp.Tcp.OutSegs"] = 6;
    const Rates rates(netns, &history, 200, "");
    CHECK(reason(rates.per_second(overflows)) == "its counters were higher: it was another namespace");
    CHECK_FALSE(rates.interval());
}

TEST_CASE("A counter of a processor that wrapped gives no rate, the others do") {
    auto netns = counted(400);
    netns.counters.set("conntrack.drop", 3);
    NetnsHistory history{{sample(100, 0)}, {}};
    history.samples[0].counters[conntrack] = 4294967290;
    const Rates rates(netns, &history, 200, "");
    CHECK(reason(rates.per_second(conntrack)) == "the counter went back");
    CHECK(*rates.per_second(overflows) == 4);
}

TEST_CASE("What was unknown then, or cannot be read now, is missing for its own reason") {
    auto netns = tests::netns();
    netns.counters.set_gap("netstat.", {"netstat", base::Why::denied, "Permission denied"});
    NetnsHistory history{{sample(100, 0)}, {}};
    CHECK(Rates(netns, &history, 200, "").per_second(overflows).error().why == base::Why::denied);
    netns = counted(5);
    history.samples[0].counters[overflows].reset();
    CHECK(reason(Rates(netns, &history, 200, "").per_second(overflows)) ==
          "it was unknown in the earlier run");
}

TEST_CASE("Growth must have lasted: the lower of the last minute and of the minutes before") {
    const auto host = established(400);
    CHECK(of_destination(growing(host, 100, 340, 0), "lasting_growth").number() ==
          1); // 240 in 240 s, 60 in 60 s
    CHECK(of_destination(growing(host, 100, 100, 0), "lasting_growth").number() == 0); // a wave of reconnects
    CHECK(of_destination(growing(host, 100, 400, 0), "lasting_growth").number() == 0); // it is over
    CHECK(of_destination(growing(host, 280, 340, 0), "lasting_growth").number() == 0.25);
}

TEST_CASE("Growth that goes on exhausts the ports") {
    const auto host = established(400);
    const auto facts = growing(host, 100, 340, 0);
    CHECK(of_destination(facts, "free").number() == 600);
    CHECK(of_destination(facts, "growth_exhausted_in").number() == 600);
    CHECK(of_destination(facts, "exhausted_in").number() == 600);
    CHECK_FALSE(of_destination(growing(host, 400, 400, 0), "growth_exhausted_in").known());
    CHECK_FALSE(of_destination(growing(host, 398, 399, 0), "growth_exhausted_in").known()); // no trend
    CHECK(of_destination(growing(host, 388, 397, 0), "growth_exhausted_in").number() == 16000);
    CHECK_FALSE(of_destination(model::derive(host, {}, {}), "lasting_growth").known());
    CHECK(of_destination(facts, "lasting").number() == 400);
}

TEST_CASE("Of a rate and a growth the one that exhausts the ports first counts") {
    auto host = established(400);
    for (std::uint32_t second = 0; second < 10; ++second) {
        for (std::uint16_t i = 0; i < 20; ++i) {
            const auto port = static_cast<std::uint16_t>(40001 + 2 * (second * 20 + i));
            host.namespaces[0].sockets.add(
                tests::time_wait(tests::here, port, tests::there, 80, second * 1000 + 500));
        }
    }
    const auto facts = growing(host, 100, 340, 0);
    CHECK(of_destination(facts, "growth_exhausted_in").number() == 400);
    CHECK(of_destination(facts, "exhausted_in").number() == Approx(20));
}

TEST_CASE("A destination that no sample lists had at most as many as the least that was listed") {
    const auto host = established(400);
    history::History history;
    history.uptime = 1000;
    history.namespaces.resize(1);
    for (const double uptime : {600.0, 940.0}) {
        history::Sample made;
        made.uptime = uptime;
        made.unlisted_most = 390;
        history.namespaces[0].samples.push_back(made);
    }
    CHECK(of_destination(model::derive(host, {}, history), "lasting_growth").number() == 0);
}

TEST_CASE("A sample holds the counters, and the destinations and owners that are worth it") {
    auto host = established(400);
    host.namespaces[0].counters.set("netstat.TcpExt.ListenOverflows", 7);
    for (std::uint16_t i = 0; i < 10; ++i) {
        host.namespaces[0].sockets.add(tests::socket(snapshot::TcpState::established, tests::here,
                                                     static_cast<std::uint16_t>(40000 + i), "192.0.2.8", 80));
    }
    const auto facts = model::derive(host, {}, {});
    const auto made = model::sample_of(host.namespaces[0], facts.namespaces[0], 77);
    CHECK(made.uptime == 77);
    CHECK(made.counters[overflows] == 7);
    CHECK_FALSE(made.counters[conntrack]);
    REQUIRE(made.levels.size() == 1);
    CHECK(made.levels[0].key == model::level_key_of_destination(tests::here, "192.0.2.9:80", 0));
    CHECK(made.levels[0].count == 400);
    CHECK(made.unlisted_most == 19);
}

TEST_CASE("Nothing seems to grow from a sample that missed sockets") {
    auto host = established(400);
    host.namespaces[0].lost_sockets = base::Gap{"the socket table", base::Why::truncated, ""};
    const auto facts = model::derive(host, {}, {});
    const auto made = model::sample_of(host.namespaces[0], facts.namespaces[0], 77);
    CHECK(made.levels.empty());
    CHECK(made.unlisted_most == 4294967295);
}

TEST_CASE("Dead sockets are what is allocated and in no table, by whichever count is lower") {
    const auto dead = [](std::uint64_t allocated, std::uint64_t used,
                         std::optional<std::uint64_t> listed = std::nullopt) {
        snapshot::Host host;
        auto netns = tests::netns();
        netns.counters.set("sockstat.TCP.alloc", allocated);
        netns.counters.set("sockstat.TCP.inuse", 100);
        netns.counters.set("sockstat6.TCP6.inuse", 50);
        netns.counters.set("sockstat.UDP.inuse", 10);
        netns.counters.set("sockstat.sockets.used", used);
        if (listed) {
            netns.counters.set("protocols.all.sockets", *listed);
        }
        host.namespaces.push_back(std::move(netns));
        const auto facts = model::derive(host, {}, {});
        const facts::Table& table = facts.namespaces[0].table(facts::TableId::netns);
        return table.get(0, *table.schema().find("dead_sockets"));
    };
    CHECK(dead(350, 900).number() == 200);      // no more TCP sockets than that
    CHECK(dead(5000, 260).number() == 100);     // the others are of another namespace
    CHECK(dead(5000, 900, 880).number() == 20); // UNIX and netlink sockets are no dead ones
    CHECK(dead(100, 900).number() == 0);
    CHECK(dead(350, 900).basis() == facts::Basis::inferred);
}
