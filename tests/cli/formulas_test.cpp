// The formulas that `explain` shows are what the model computes.
#include "facts/schema.h"
#include "model/derive.h"
#include "rules/compute.h"
#include "rules/resolve.h"
#include "tests/catch.h"
#include "tests/model/spaces.h"

namespace {

using facts::TableId;

snapshot::Host busy_host() {
    snapshot::Host host;
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.ip_local_reserved_ports", "40900-40919");
    netns.sysctls.set("net.ipv4.tcp_max_tw_buckets", "131072");
    netns.sysctls.set("net.ipv4.tcp_max_orphans", "4096");
    netns.sysctls.set("net.ipv4.tcp_mem", "1000\t2000\t3000");
    netns.counters.set("sockstat.TCP.orphan", 64);
    netns.counters.set("sockstat.TCP.mem", 150);
    netns.counters.set("sockstat.TCP.tw", 700);
    tests::add_time_waits(netns, 40000, 350, 2, 3'000);
    tests::add_time_waits(netns, 40001, 200, 2, 30'000);
    auto busy = tests::listener("0.0.0.0", 40800);
    busy.rqueue = 3;
    busy.wqueue = 128;
    netns.sockets.add_listener(busy);
    netns.counters.set("files.open", 956);
    netns.counters.set("files.max", 2466183);
    auto leaked = tests::socket(snapshot::TcpState::close_wait, tests::here, 40000, tests::there, 80);
    leaked.activity = snapshot::Activity{100'000, 100'000, 100'000, true};
    netns.sockets.add_close_wait(leaked);
    netns.owners.emplace();
    netns.owners->holders.processes.push_back({812, 1000, "java", "", 1024, 300});
    netns.owners->holders.sockets.push_back({leaked.inode, 0, 10});
    netns.nat = snapshot::NatTable();
    const snapshot::EndPoint client{*snapshot::Address::parse(tests::here), 40000};
    netns.nat->add({client, {client.address, 40001}, {*snapshot::Address::parse(tests::there), 80}});
    host.namespaces.push_back(std::move(netns));
    return host;
}

} // namespace

TEST_CASE("each formula gives what the model gives") {
    const snapshot::Host host = busy_host();
    const facts::Facts facts = model::derive(host, {}, {});
    const auto table_of = [&](TableId which) -> const facts::Table& {
        return which == TableId::host ? *facts.host : facts.namespaces[0].table(which);
    };
    std::size_t compared = 0;
    for (const facts::Schema& schema : facts::schemas()) {
        for (std::size_t column = 0; column < schema.columns.size(); ++column) {
            const facts::Column& fact = schema.columns[column];
            if (fact.formula.empty()) {
                continue;
            }
            INFO(schema.name << "." << fact.name);
            auto expression = rules::parse_expression(fact.formula);
            REQUIRE(expression);
            std::vector<rules::ExpressionError> mistakes;
            REQUIRE(rules::resolve(*expression, rules::Scope(schema.id), mistakes) == facts::Type::number);
            const facts::Table& table = table_of(schema.id);
            REQUIRE(table.size() > 0);
            for (std::size_t row = 0; row < table.size(); ++row) {
                const facts::Value said = table.get(row, column);
                const facts::Value computed = rules::compute(
                    *expression, {&table, row, &table_of(TableId::netns), facts.host.get(), {}});
                CHECK(said.known() == computed.known());
                if (said.known() && computed.known()) {
                    CHECK(computed.number() == Approx(said.number()));
                    ++compared;
                }
            }
        }
    }
    CHECK(compared >= 16); // only conntrack is not there
}
