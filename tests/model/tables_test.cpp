#include "tests/catch.h"

#include "facts/schema.h"
#include "model/derive.h"
#include "model/picture.h"
#include "model/queues.h"
#include "tests/model/spaces.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>

using facts::TableId;
using snapshot::TcpState;
using tests::here;
using tests::host_of;
using tests::socket;
using tests::there;

namespace {

facts::Value value(const facts::Facts& facts, TableId table, std::string_view column, std::size_t row = 0) {
    const facts::Table& from = table == TableId::host ? *facts.host : facts.namespaces[0].table(table);
    return from.get(row, *from.schema().find(column));
}

} // namespace

TEST_CASE("A fact of the host has no namesake in a namespace") {
    for (const facts::Column& column : facts::schema(TableId::netns).columns) {
        CAPTURE(column.name);
        CHECK_FALSE(facts::schema(TableId::host).find(column.name));
    }
}

TEST_CASE("A listener whose place in the range is unknown says why") {
    auto netns = tests::netns();
    netns.sysctls = {};
    netns.sockets.add_listener(tests::listener("0.0.0.0", 40001));
    const facts::Facts facts = model::derive(host_of(std::move(netns)), {}, {});
    for (const char* fact : {"in_range", "is_reserved"}) {
        const facts::Value got = value(facts, TableId::listener, fact);
        REQUIRE_FALSE(got.known());
        CHECK(got.gap().what == "net.ipv4.ip_local_port_range");
    }
}

TEST_CASE("Every fact of every table can be asked for") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 10, 2, 1000);
    netns.sockets.add_listener(tests::listener("0.0.0.0", 22));
    auto waiting = socket(TcpState::close_wait, here, 40100, there, 80);
    netns.sockets.add(waiting);
    netns.sockets.add_close_wait(waiting);
    netns.nat = snapshot::NatTable();
    netns.nat->add({{*snapshot::Address::parse(here), 1}, {*snapshot::Address::parse(there), 2}, {}});
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    for (const facts::Schema& schema : facts::schemas()) {
        const facts::Table& table =
            schema.id == TableId::host ? *facts.host : facts.namespaces[0].table(schema.id);
        CAPTURE(schema.name);
        REQUIRE(table.size() > 0);
        for (std::size_t column = 0; column < schema.columns.size(); ++column) {
            CAPTURE(schema.columns[column].name);
            const facts::Value got = table.get(0, column);
            const facts::Type type = schema.columns[column].type;
            CHECK((!got.known() || (type == facts::Type::number ? got.is_number()
                                    : type == facts::Type::text ? got.is_text()
                                                                : got.is_boolean())));
        }
    }
}

TEST_CASE("Lost sockets are unknown, never zero") {
    auto netns = tests::netns();
    netns.source = snapshot::SocketSource::none;
    netns.lost_sockets = base::Gap{"the socket table", base::Why::failed, "no such protocol"};
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK_FALSE(value(facts, TableId::netns, "established").known());
    CHECK_FALSE(value(facts, TableId::netns, "established_retrying").known());
    CHECK_FALSE(value(facts, TableId::netns, "ports_used_percent").known());
    CHECK_FALSE(value(facts, TableId::netns, "accept_queue_percent").known());
    for (const TableId table :
         {TableId::destination, TableId::source, TableId::listener, TableId::close_wait}) {
        CHECK(facts.namespaces[0].table(table).incomplete());
    }
    CHECK_FALSE(model::states_answer(host.namespaces[0]).states[0].ipv4);
}

TEST_CASE("The namespace shows the worst destination") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 300, 1, 1000);
    netns.sockets.add(socket(TcpState::established, here, 40000, "192.0.2.77", 443));
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::netns, "ports_used_percent").number() == Approx(30));
    CHECK(value(facts, TableId::destination, "remote").text() == "192.0.2.9:80");
    CHECK(value(facts, TableId::netns, "time_wait").number() == 300);
}

TEST_CASE("Connections that nobody acknowledges are counted by destination, listener and namespace") {
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("0.0.0.0", 80));
    const auto add = [&](std::uint16_t port, std::uint16_t remote_port, std::uint8_t retransmits) {
        auto one = socket(TcpState::established, here, port, there, remote_port);
        one.timer = snapshot::Timer::retransmit;
        one.retransmits = retransmits;
        netns.sockets.add(one);
    };
    for (std::uint16_t i = 0; i < 50; ++i) {
        add(static_cast<std::uint16_t>(40000 + i), 443, i < 20 ? 3 : 2);
    }
    add(80, 5000, 5);
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::destination, "established_retrying").number() == 20);
    CHECK(value(facts, TableId::destination, "established").number() == 50);
    CHECK(value(facts, TableId::listener, "established_retrying").number() == 1);
    CHECK(value(facts, TableId::netns, "established_retrying").number() == 21);
}

TEST_CASE(
    "Attempts to connect that a full accept queue of this host leaves unanswered are told of both ends") {
    auto netns = tests::netns();
    for (const auto& [address, port, waiting] :
         {std::tuple{"0.0.0.0", 80, 3U}, {there, 81, 3U}, {"0.0.0.0", 82, 2U}}) {
        auto listener = tests::listener(address, static_cast<std::uint16_t>(port));
        listener.rqueue = waiting;
        listener.wqueue = 2;
        netns.sockets.add_listener(listener);
    }
    const auto attempt = [&](const char* source, const char* remote, std::uint16_t remote_port) {
        auto one = socket(TcpState::syn_sent, source, static_cast<std::uint16_t>(40000 + remote_port), remote,
                          remote_port);
        one.timer = snapshot::Timer::retransmit;
        one.retransmits = 2;
        netns.sockets.add(one);
    };
    attempt("127.0.0.1", "127.0.0.1", 80);
    attempt(here, here, 80);
    attempt(here, there, 80); // another host's port 80
    attempt(here, here, 81);  // nobody listens there
    attempt(here, here, 82);  // not full
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::listener, "unanswered_here", 0).number() == 2);
    CHECK(value(facts, TableId::listener, "unanswered_here", 1).number() == 0);
    CHECK(value(facts, TableId::listener, "unanswered_here", 2).number() == 1);
    std::set<std::string> full;
    for (std::size_t row = 0; row < 5; ++row) {
        if (value(facts, TableId::destination, "listener_full", row).truth()) {
            full.insert(value(facts, TableId::destination, "remote", row).text());
        }
    }
    CHECK(full == std::set<std::string>{"127.0.0.1:80", std::string(here) + ":80"});
}

TEST_CASE("The ports of a source run out at the rate of its TIME_WAIT; one that two remotes share is not "
          "bind()'s") {
    for (const std::uint16_t shared : std::initializer_list<std::uint16_t>{0, 200}) {
        auto netns = tests::netns();              // 1000 ports
        for (std::uint16_t i = 0; i < 600; ++i) { // 20 a second, for half a minute
            netns.sockets.add(tests::time_wait(here, static_cast<std::uint16_t>(40000 + i), there,
                                               static_cast<std::uint16_t>(443 + i % 4), i * 50U));
        }
        for (std::uint16_t i = 0; i < shared; ++i) {
            netns.sockets.add(
                tests::time_wait(here, static_cast<std::uint16_t>(40000 + i), there, 8080, 50'000));
        }
        const snapshot::Host host = host_of(std::move(netns));
        const facts::Facts facts = model::derive(host, {}, {});
        CHECK(value(facts, TableId::source, "ports").number() == 600);
        const auto load = value(facts, TableId::source, "pool_load_percent").number();
        const auto end = value(facts, TableId::source, "pool_exhausted_in");
        CHECK(load == Approx(shared == 0 ? 100 * 20 * 62.1 / 1000 : 0).epsilon(0.02));
        CHECK((shared == 0 ? end.number() == Approx(20).margin(1) : end.gap().why == base::Why::absent));
    }
}

TEST_CASE("Queues are facts of the destination and the listener, and the fullest is named for the host") {
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("0.0.0.0", 80));
    const auto add = [&](std::uint16_t port, std::uint32_t to_send, std::uint32_t not_read) {
        auto one = socket(TcpState::established, here, port, there, 443);
        one.timer = snapshot::Timer::probe;
        one.wqueue = to_send;
        one.rqueue = not_read;
        netns.sockets.add(one);
    };
    add(40000, 300'000, 1);
    for (int i = 0; i < 60; ++i) {
        add(80, 3'879'731, 0);
    }
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::destination, "stalled").number() == 1);
    CHECK(value(facts, TableId::destination, "stalled_bytes").number() == 300'000);
    CHECK(value(facts, TableId::destination, "send_queue").number() == 300'000);
    CHECK(value(facts, TableId::destination, "recv_queue").number() == 1);
    CHECK(value(facts, TableId::listener, "stalled").number() == 60);
    CHECK(value(facts, TableId::listener, "send_queue").number() == 60 * 3'879'731.0);
    CHECK(value(facts, TableId::host, "most_queued").text() ==
          "clients of *:80, 221 MiB to send and 0 KiB not read");
}

TEST_CASE("Without anything in a queue no end point is named; a remote end is, too") {
    auto netns = tests::netns();
    CHECK(model::most_queued(host_of(tests::netns())) == "no connection that was looked at");
    auto one = socket(TcpState::established, here, 40000, there, 443);
    one.wqueue = 300'000;
    one.rqueue = 1;
    netns.sockets.add(one);
    CHECK(model::most_queued(host_of(std::move(netns))) ==
          "connections to 192.0.2.9:443, 293 KiB to send and 1 KiB not read");
}

TEST_CASE("The range of a NAT is inferred from the ports that it has given out") {
    using snapshot::Address;
    const auto percent = [](std::uint16_t first, std::uint16_t count, std::uint16_t step, bool moved,
                            std::uint16_t clients) {
        auto netns = tests::netns();
        netns.nat = snapshot::NatTable();
        for (std::uint16_t i = 0; i < count; ++i) {
            const auto port = static_cast<std::uint16_t>(first + i * step);
            const std::uint8_t client[] = {10, 0, 0, static_cast<std::uint8_t>(i % clients)};
            netns.nat->add({{Address::v4(client), static_cast<std::uint16_t>(port + (moved ? 1 : 0))},
                            {*Address::parse(here), port},
                            {*Address::parse(there), 443}});
        }
        return value(model::derive(host_of(std::move(netns)), {}, {}), TableId::nat, "nat_used_percent")
            .number();
    };
    CHECK(percent(40000, 60, 1, true, 2) == 100);                       // masquerade to :40000-40059, full
    CHECK(percent(40000, 50, 20, true, 2) == Approx(100 * 50 / 981.0)); // a thousand ports, few in use
    CHECK(percent(32768, 1000, 1, false, 2) == 100); // a range that clients choose from, too
    CHECK(percent(32768, 1000, 1, false, 1) == Approx(100 * 1000 / 64512.0)); // one client, its own ports
    CHECK(percent(32768, 1000, 20, false, 2) == Approx(100 * 1000 / 64512.0));
}

TEST_CASE("A connection whose source is not translated takes no port of the NAT") {
    using snapshot::Address;
    snapshot::NatTable table;
    const snapshot::EndPoint client{*Address::parse(here), 40000};
    table.add({client, client, {*Address::parse(there), 443}});
    CHECK(table.uses().empty());
}

TEST_CASE("Of several listening sockets at one end point one may be stuck") {
    auto netns = tests::netns();
    for (const std::uint32_t queue : {0U, 40U, 0U, 0U}) {
        auto one = tests::listener("0.0.0.0", 80);
        one.rqueue = queue;
        one.wqueue = 4096;
        netns.sockets.add_listener(one);
    }
    const auto add = [&](std::uint16_t remote_port, std::uint32_t inode, std::uint32_t age_ms) {
        auto one = socket(TcpState::established, here, 80, there, remote_port);
        one.inode = inode;
        one.activity = snapshot::Activity{age_ms, 100, 100, true};
        netns.sockets.add_waiting(one);
    };
    add(1, 0, 65'000);
    add(2, 0, 9'999);
    add(3, 77, 90'000); // accepted
    netns.queue_ports = {80};
    netns.waits = base::Nothing{};
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::listener, "siblings", 1).number() == 4);
    CHECK(value(facts, TableId::listener, "siblings_waiting", 1).number() == 1);
    CHECK(value(facts, TableId::listener, "others_accept", 1).truth());
    CHECK_FALSE(value(facts, TableId::listener, "others_accept", 0).truth());
    CHECK(value(facts, TableId::listener, "oldest_waiting", 1).number() == 65);
    CHECK(value(facts, TableId::listener, "waiting_10s", 1).number() == 1);
    CHECK(value(facts, TableId::listener, "oldest_waiting", 0).number() == 0);
}

TEST_CASE("Nobody looked how long connections wait, and who holds the listener") {
    auto netns = tests::netns();
    auto one = tests::listener("0.0.0.0", 80);
    one.rqueue = 40;
    netns.sockets.add_listener(one);
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    for (const char* fact : {"oldest_waiting", "waiting_10s", "files_left", "quiet_3600s"}) {
        CAPTURE(fact);
        const facts::Value got = value(facts, TableId::listener, fact);
        REQUIRE_FALSE(got.known());
        CHECK(got.gap().why == base::Why::not_collected);
    }
    CHECK(value(facts, TableId::listener, "acceptor").text() == "uid 0");
}

TEST_CASE("Connections without keepalive that nothing came on for an hour are quiet") {
    using snapshot::Timer;
    auto netns = tests::netns();
    netns.sockets.add_listener(tests::listener("0.0.0.0", 80));
    const auto add = [&](std::uint16_t port, Timer timer, std::uint32_t sent, std::uint32_t acknowledged) {
        auto one = socket(TcpState::established, here, port, there, 443);
        one.inode = 5;
        one.timer = timer;
        one.activity = snapshot::Activity{sent, 9'000'000, acknowledged, true};
        netns.sockets.add(one);
        netns.sockets.add_idle(one);
    };
    add(80, Timer::none, 9'000'000, 9'000'000);
    add(40000, Timer::none, 3'600'000, 3'600'001);
    add(40001, Timer::none, 3'600'000, 3'599'999); // the peer answered
    add(40002, Timer::none, 59'999, 9'000'000);
    add(40003, Timer::keepalive, 9'000'000, 9'000'000);
    netns.idle = base::Nothing{};
    CHECK(netns.sockets.without_timer() == 4);
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::listener, "quiet_3600s").number() == 1);
    CHECK(value(facts, TableId::listener, "quiet_longest").number() == 9000);
    CHECK(value(facts, TableId::destination, "quiet_3600s").number() == 1);
    CHECK(value(facts, TableId::destination, "quiet_60s").number() == 2);
}

TEST_CASE("What was counted since the boot is one text") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_max_orphans", "4096"); // the host's own namespace
    snapshot::Host quiet = host_of(tests::netns());
    CHECK(value(model::derive(quiet, {}, {}), TableId::netns, "since_boot").text().empty());
    netns.counters.set("netstat.TcpExt.ListenOverflows", 5458);
    netns.counters.set("conntrack.insert_failed", 3);
    snapshot::Host host = host_of(std::move(netns));
    host.uptime = 3 * 86400 + 500;
    CHECK(value(model::derive(host, {}, {}), TableId::netns, "since_boot").text() ==
          "5458 accept-queue overflows, 3 failed conntrack inserts since boot 3 days ago");
}

TEST_CASE("Open files of the host as a share of their limit") {
    const auto percent = [](std::uint64_t most) {
        auto netns = tests::netns();
        netns.counters.set("files.open", 956);
        netns.counters.set("files.max", most);
        return value(model::derive(host_of(std::move(netns)), {}, {}), TableId::host, "files_percent");
    };
    CHECK(percent(1000).number() == Approx(95.6));
    CHECK(percent(9223372036854775807U).number() < 1e-9);
    CHECK_FALSE(percent(0).known());
    CHECK(value(model::derive(host_of(tests::netns()), {}, {}), TableId::host, "files_percent").gap().why ==
          base::Why::absent);
}

TEST_CASE("Where ports are reused, a destination's rates are no lower than its youngest sockets say") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
    for (std::uint16_t remote = 1; remote <= 200; ++remote) {
        for (std::uint16_t i = 0; i < 60; ++i) { // all within the last second: 60 a second
            netns.sockets.add(tests::time_wait("127.0.0.1", static_cast<std::uint16_t>(40000 + 2 * i),
                                               "127.0.0.2", remote, 500));
        }
    }
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    const facts::Table& table = facts.namespaces[0].table(TableId::destination);
    for (const char* rate : {"births_5s", "births_15s", "births_60s"}) {
        CHECK(table.get(table.size() - 1, *table.schema().find(rate)).number() == 60);
    }
}

TEST_CASE("A source's pool counts distinct ports over all destinations") {
    auto netns = tests::netns();
    tests::add_time_waits(netns, 40000, 100, 2, 1000);
    netns.sockets.add(socket(TcpState::established, here, 40000, "192.0.2.77", 443));
    netns.sockets.add(socket(TcpState::established, here, 40501, "192.0.2.77", 443));
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::source, "source").text() == "192.0.2.1");
    CHECK(value(facts, TableId::source, "ports").number() == 101);
    CHECK(value(facts, TableId::source, "bound_ports").number() == 1);
    CHECK(value(facts, TableId::source, "pool_percent").number() == Approx(10.1));
    CHECK(value(facts, TableId::source, "destinations").number() == 2);
}

TEST_CASE("CLOSE_WAIT is summed by owner; what was never accepted belongs to the listener's owner") {
    auto netns = tests::netns();
    auto web = tests::listener("0.0.0.0", 80);
    web.uid = 33;
    netns.sockets.add_listener(web);
    auto waiting = socket(TcpState::close_wait, here, 80, there, 5000);
    waiting.inode = 0;
    waiting.activity = snapshot::Activity{9000, 9000, 8000, true};
    netns.sockets.add_close_wait(waiting);
    waiting.inode = 5;
    waiting.uid = 33;
    netns.sockets.add_close_wait(waiting);
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(facts.namespaces[0].table(TableId::close_wait).size() == 1);
    CHECK(value(facts, TableId::close_wait, "owner").text() == "uid 33");
    CHECK(value(facts, TableId::close_wait, "leaked_5s").number() == 1);
    CHECK(value(facts, TableId::close_wait, "unaccepted_5s").number() == 1);
    CHECK(value(facts, TableId::close_wait, "leaked_60s").number() == 0);
    CHECK(value(facts, TableId::close_wait, "oldest").number() == 8);
}

TEST_CASE("From /proc the ages of CLOSE_WAIT and the backlogs are missing") {
    auto netns = tests::netns();
    auto waiting = tests::listener("0.0.0.0", 80);
    waiting.rqueue = 3; // and /proc has no limit beside it
    netns.sockets.add_listener(waiting);
    netns.source = snapshot::SocketSource::proc;
    netns.sockets.add_close_wait(socket(TcpState::close_wait, here, 40000, there, 80));
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::close_wait, "leaked").number() == 1);
    CHECK_FALSE(value(facts, TableId::close_wait, "leaked_300s").known());
    CHECK_FALSE(value(facts, TableId::listener, "full").known());
    CHECK_FALSE(value(facts, TableId::listener, "backlog").known());
    CHECK_FALSE(value(facts, TableId::netns, "accept_queue_percent").known());
}

TEST_CASE("A queue is full when it holds more than its limit") {
    auto netns = tests::netns();
    auto one = tests::listener("0.0.0.0", 80);
    one.rqueue = 4;
    one.wqueue = 3;
    netns.sockets.add_listener(one);
    auto zero = tests::listener("0.0.0.0", 81); // listen(0), nothing waits
    netns.sockets.add_listener(zero);
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::listener, "full").truth());
    CHECK_FALSE(value(facts, TableId::listener, "full", 1).truth());
    CHECK(value(facts, TableId::netns, "accept_queue_percent").number() == Approx(133.3).epsilon(0.01));
    CHECK(value(facts, TableId::listener, "fixed").gap().why == base::Why::not_collected);
}

TEST_CASE("Sysctls of the host are absent in a child namespace, not zero") {
    const snapshot::Host host = host_of(tests::netns());
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(value(facts, TableId::host, "max_orphans").gap().why == base::Why::absent);
    CHECK(value(facts, TableId::host, "orphan_percent").gap().why == base::Why::absent);
    CHECK(value(facts, TableId::host, "kernel").text() == "6.1.0");
}

TEST_CASE("The same snapshot under another sysctl") {
    auto netns = tests::netns();
    for (std::uint16_t i = 0; i < 900; ++i) {
        netns.sockets.add(
            tests::time_wait("127.0.0.1", static_cast<std::uint16_t>(40000 + i), "127.0.0.1", 80, 5000));
    }
    const snapshot::Host host = host_of(std::move(netns));
    const auto used = [&](const model::Assumptions& assumed) {
        return value(model::derive(host, assumed, {}), TableId::netns, "ports_used_percent").number();
    };
    CHECK(used({}) == Approx(90));
    CHECK(used({{"net.ipv4.tcp_tw_reuse", "2"}}) == Approx(0));
    CHECK(used({{"net.ipv4.tcp_fin_timeout", "15"}}) == Approx(90)); // the myth
    CHECK(used({{"net.ipv4.ip_local_port_range", "30000 65535"}}) == Approx(100.0 * 900 / 35536));
}

TEST_CASE("States are shown by netstat's names, BOUND only if it was asked for") {
    auto netns = tests::netns();
    netns.sockets.add(socket(TcpState::established, here, 40000, there, 80));
    const auto answer = model::states_answer(netns);
    CHECK(answer.states.size() == snapshot::shown_states.size());
    for (const auto& state : answer.states) {
        CHECK(state.ipv4.has_value() == (state.name != "BOUND"));
    }
}

namespace {

/// Facts of the sysctl table, by sysctl and column.
class SysctlFacts {
  public:
    explicit SysctlFacts(snapshot::Netns netns)
        : host_(host_of(std::move(netns))), facts_(model::derive(host_, {}, {})) {}

    facts::Value operator()(std::string_view name, std::string_view column) const {
        const facts::Table& table = facts_.namespaces[0].table(TableId::sysctl);
        std::size_t row = 0;
        while (table.get(row, 0).text() != name) {
            ++row;
            REQUIRE(row < table.size());
        }
        return table.get(row, *table.schema().find(column));
    }

  private:
    snapshot::Host host_;
    facts::Facts facts_;
};

} // namespace

TEST_CASE("A sysctl drifts when boot will set another value") {
    auto netns = tests::netns();
    auto& boot = netns.boot_sysctls.emplace().values;
    boot["net.ipv4.ip_local_port_range"] = {"40000  40999 ", "/etc/sysctl.d/a.conf:1"};
    boot["net.ipv4.tcp_tw_reuse"] = {"1", "/etc/sysctl.d/a.conf:2"};
    boot["net.ipv4.tcp_fin_timeout"] = {"0x3c # a minute", "/etc/sysctl.d/a.conf:3"};
    boot["net.ipv4.tcp_rfc1337"] = {"yes", "/etc/sysctl.d/a.conf:4"};
    netns.sysctls.set("net.ipv4.tcp_fin_timeout", "60");
    netns.sysctls.set("net.ipv4.tcp_rfc1337", "0");
    const SysctlFacts of(std::move(netns));
    CHECK_FALSE(of("net.ipv4.ip_local_port_range", "drifted").truth()); // only blanks differ
    CHECK(of("net.ipv4.tcp_tw_reuse", "drifted").truth());
    CHECK(of("net.ipv4.tcp_tw_reuse", "drifted").basis() == facts::Basis::measured);
    CHECK(of("net.ipv4.tcp_tw_reuse", "boot_origin").text() == "/etc/sysctl.d/a.conf:2");
    CHECK(of("net.ipv4.tcp_timestamps", "drifted").gap().why == base::Why::absent);
    CHECK_FALSE(of("net.ipv4.tcp_fin_timeout", "drifted").truth()); // the kernel takes it so
    CHECK_FALSE(of("net.ipv4.tcp_fin_timeout", "boot_refused").truth());
    CHECK(of("net.ipv4.tcp_rfc1337", "boot_refused").truth());
    CHECK(of("net.ipv4.tcp_rfc1337", "drifted").gap().why == base::Why::absent);
}

TEST_CASE("A limit is too low where TCP cannot work with it; what is switched off by 0 is not") {
    auto netns = tests::netns();
    const std::map<std::string, std::string> values = {{"net.ipv4.tcp_mem", "1\t2\t3"},
                                                       {"net.ipv4.tcp_rmem", "4096\t131072\t6291456"},
                                                       {"net.ipv4.tcp_max_orphans", "0"},
                                                       {"net.ipv4.tcp_max_tw_buckets", "128"},
                                                       {"net.netfilter.nf_conntrack_max", "0"}};
    for (const auto& [name, value] : values) {
        netns.sysctls.set(name, value);
    }
    netns.sysctls.set("net.ipv4.tcp_wmem", "4096");
    const SysctlFacts of(std::move(netns));
    CHECK(of("net.ipv4.tcp_mem", "too_low").text() ==
          "TCP gets hardly any memory, connections stall and are reset");
    CHECK_FALSE(of("net.ipv4.tcp_max_orphans", "too_low").text().empty());
    for (const char* name : {"net.ipv4.tcp_rmem", "net.ipv4.tcp_max_tw_buckets",
                             "net.netfilter.nf_conntrack_max", "net.ipv4.tcp_fin_timeout"}) {
        CAPTURE(name);
        CHECK(of(name, "too_low").text().empty());
    }
    CHECK(of("net.ipv4.tcp_wmem", "too_low").gap().why == base::Why::failed);
}

TEST_CASE("What a small machine gets from the kernel is not too low, unless a file sets it") {
    const auto is_low = [](const std::string& name, const std::string& value, bool in_file) {
        auto netns = tests::netns();
        netns.sysctls.set(name, value);
        netns.boot_sysctls.emplace();
        if (in_file) {
            netns.boot_sysctls->values[name] = {value, "F:1"};
        }
        return !SysctlFacts(std::move(netns))(name, "too_low").text().empty();
    };
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"net.ipv4.tcp_max_tw_buckets", "4096"}, {"net.ipv4.tcp_mem", "1536\t2048\t3072"}}) {
        CAPTURE(name);
        CHECK_FALSE(is_low(name, value, false));
        CHECK(is_low(name, value, true));
    }
    CHECK(is_low("net.ipv4.tcp_max_tw_buckets", "5000", false));
    CHECK(is_low("net.ipv4.tcp_mem", "1000\t2000\t3000", false));
    CHECK_FALSE(is_low("net.ipv4.tcp_max_tw_buckets", "16384", true));
}

TEST_CASE("A file that could not be read makes what is found inferred, and what is not found unknown") {
    auto netns = tests::netns();
    netns.boot_sysctls.emplace();
    netns.boot_sysctls->values["net.ipv4.tcp_tw_reuse"] = {"1", "/etc/sysctl.d/a.conf:2"};
    netns.boot_sysctls->unread = base::Gap{"/etc/sysctl.d/b.conf", base::Why::denied, "Permission denied"};
    const SysctlFacts of(std::move(netns));
    CHECK(of("net.ipv4.tcp_tw_reuse", "drifted").basis() == facts::Basis::inferred);
    for (const char* fact : {"boot", "drifted", "boot_refused", "dead", "outvoted", "by_hand"}) {
        CHECK(of("net.ipv4.tcp_timestamps", fact).gap().why == base::Why::denied);
    }
}

TEST_CASE("A line is dead if this kernel will never have the sysctl") {
    auto netns = tests::netns();
    snapshot::BootSysctls& files = netns.boot_sysctls.emplace();
    files.values["net.ipv4.tcp_tw_reuse"] = {"1", "F:1"};
    files.values["net.ipv4.tcp_tw_recycle"] = {"1", "F:2"};
    files.values["net.ipv4.tcp_migrate_req"] = {"1", "F:3", true};
    files.values["net.netfilter.nf_conntrack_max"] = {"1000000", "F:4"}; // its module may come later
    files.dead["net.ipv4.tcp_tw_resue"] = {"1", "F:5"};
    for (const char* name :
         {"net.ipv4.tcp_tw_recycle", "net.ipv4.tcp_migrate_req", "net.netfilter.nf_conntrack_max"}) {
        netns.sysctls.set_gap(name, {name, base::Why::absent, ""});
    }
    const SysctlFacts of(std::move(netns));
    CHECK_FALSE(of("net.ipv4.tcp_tw_reuse", "dead").truth());
    CHECK(of("net.ipv4.tcp_tw_recycle", "dead").truth());
    CHECK_FALSE(of("net.ipv4.tcp_migrate_req", "dead").truth());
    CHECK_FALSE(of("net.netfilter.nf_conntrack_max", "dead").truth());
    CHECK(of("net.ipv4.tcp_tw_resue", "dead").truth());
    CHECK(of("net.ipv4.tcp_tw_resue", "boot_origin").text() == "F:5");
    CHECK_FALSE(of("net.ipv4.tcp_timestamps", "dead").truth()); // no file sets it
    CHECK_FALSE(of("net.ipv4.tcp_timestamps", "boot_refused").truth());
    CHECK(of("net.ipv4.tcp_timestamps", "outvoted_origin").text().empty());
    CHECK(of("net.ipv4.tcp_timestamps", "by_hand_origin").text().empty());
}

TEST_CASE("What several questions could not see is said once") {
    snapshot::Host host;
    host.namespaces.resize(1);
    const base::Gap closed{"the network namespace", base::Why::denied, "needs CAP_SYS_ADMIN"};
    host.namespaces.front().gaps = {closed, {"another", base::Why::failed, ""}, closed};
    host.namespaces.front().lost_sockets = closed;
    const facts::Facts facts = model::derive(host, {}, {});
    CHECK(std::count(facts.gaps.begin(), facts.gaps.end(), closed) == 1);
    CHECK(std::any_of(facts.gaps.begin(), facts.gaps.end(),
                      [](const auto& gap) { return gap.what == "another"; }));
}

namespace {

bool same(const facts::Value& a, const facts::Value& b) {
    return a.known() == b.known() && a.basis() == b.basis() &&
           (!a.known() || (a.is_number() ? a.number() == b.number() : a.truth() == b.truth()));
}

} // namespace

TEST_CASE("Destinations of one kind have the same numbers") {
    auto netns = tests::netns();
    constexpr std::array states = {TcpState::established, TcpState::syn_sent, TcpState::time_wait,
                                   TcpState::fin_wait2, TcpState::close_wait};
    std::uint32_t random = 1;
    for (std::uint16_t port = 40000; port < 40900; ++port) {
        random = random * 1664525 + 1013904223;
        auto one = socket(states[(random >> 16) % states.size()], random % 3 == 0 ? "127.0.0.1" : here, port,
                          there, static_cast<std::uint16_t>(100 + (random >> 8) % 300));
        one.retransmits = static_cast<std::uint8_t>((random >> 24) % 4);
        netns.sockets.add(one);
    }
    const snapshot::Host host = host_of(std::move(netns));
    const facts::Facts facts = model::derive(host, {}, {});
    const facts::Table& table = facts.namespaces[0].table(TableId::destination);
    REQUIRE(table.size() > 200);
    std::map<std::string, std::size_t> first;
    std::size_t compared = 0;
    for (std::size_t row = 0; row < table.size(); ++row) {
        const auto [known, is_new] = first.emplace(table.kind(row), row);
        for (std::size_t column = 0; column < table.schema().columns.size() && !is_new; ++column) {
            if (table.kind_columns().test(column)) {
                CAPTURE(row, known->second, table.schema().columns[column].name);
                CHECK(same(table.get(row, column), table.get(known->second, column)));
                ++compared;
            }
        }
    }
    CHECK(compared > 100);
}
