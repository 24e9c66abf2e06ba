// What a load to come will need: numbers of `tcpadvisor audit --expect-rate`.
#include "facts/schema.h"
#include "model/derive.h"
#include "tests/catch.h"
#include "tests/model/spaces.h"

namespace {

facts::Value fact(const snapshot::Host& host, const model::Assumptions& assumed,
                  const model::Expectation& load, std::string_view name) {
    const facts::Facts facts = model::derive(host, assumed, {}, load);
    const facts::Table& table = facts.namespaces[0].table(facts::TableId::netns);
    return table.get(0, *table.schema().find(name));
}

snapshot::Host host() {
    snapshot::Host made;
    made.namespaces.push_back(tests::netns());
    return made;
}

} // namespace

TEST_CASE("without an expectation nothing about it is known, and that is no failure") {
    const snapshot::Host one = host();
    for (const facts::Column& column : facts::schema(facts::TableId::netns).columns) {
        if (column.name.starts_with("expected_")) {
            CAPTURE(column.name);
            const facts::Value value = fact(one, {}, {}, column.name);
            REQUIRE_FALSE(value.known());
            CHECK(value.gap().why == base::Why::absent);
        }
    }
}

TEST_CASE("ports: each connection keeps one for its life and for TIME_WAIT") {
    const snapshot::Host one = host(); // 1000 ports, tcp_tw_reuse 0
    const model::Expectation load{20, 2, 0.4};
    CHECK(fact(one, {}, load, "expected_port_time").number() == Approx(62.5));
    CHECK(fact(one, {}, load, "expected_ports").number() == 625);
    CHECK(fact(one, {}, load, "expected_ports_percent").number() == Approx(62.5));
    CHECK(fact(one, {}, load, "expected_open").number() == 8);
    CHECK(fact(one, {}, load, "expected_time_wait").number() == 1200);
    CHECK(fact(one, {}, load, "expected_conntrack").number() == 2408);
    CHECK(fact(one, {{"net.netfilter.nf_conntrack_tcp_timeout_time_wait", "60"}}, load, "expected_conntrack")
              .number() == 2408 - 60 * *load.rate);
    CHECK(fact(one, {}, load, "expected_memory").number() == 16);
}

TEST_CASE("ports: reuse gives them back after its delay, if timestamps are on") {
    const snapshot::Host one = host();
    const model::Expectation load{20, 2, 0.4};
    const model::Assumptions reuse = {{"net.ipv4.tcp_tw_reuse", "1"}};
    CHECK(fact(one, reuse, load, "expected_port_time").number() == Approx(1.4));
    CHECK(fact(one, reuse, load, "expected_ports").number() == 14);
    const model::Assumptions in_vain = {{"net.ipv4.tcp_tw_reuse", "1"}, {"net.ipv4.tcp_timestamps", "0"}};
    CHECK(fact(one, in_vain, load, "expected_ports").number() == 625);
    const model::Assumptions loopback_only = {{"net.ipv4.tcp_tw_reuse", "2"}};
    CHECK(fact(one, loopback_only, load, "expected_ports").number() == 625);
}

TEST_CASE("binary fractions add no port") {
    CHECK(fact(host(), {{"net.ipv4.tcp_tw_reuse", "2"}}, {500, 1, 0.2}, "expected_ports").number() == 31150);
}

TEST_CASE("what was not given is missing, and only what needs it") {
    const snapshot::Host one = host();
    CHECK(fact(one, {}, {100, {}, {}}, "expected_time_wait").number() == 6000);
    CHECK_FALSE(fact(one, {}, {100, {}, {}}, "expected_open").known());
    CHECK(fact(one, {}, {100, {}, 2}, "expected_open").number() == 200);
    CHECK_FALSE(fact(one, {}, {100, {}, 2}, "expected_ports").known());
    CHECK(fact(one, {}, {100, 1, {}}, "expected_ports").number() == 6210); // TIME_WAIT alone
    CHECK_FALSE(fact(one, {{"net.ipv4.ip_local_reserved_ports", "40000-40999"}}, {100, 1, 2},
                     "expected_ports_percent")
                    .known()); // no port is left
}

TEST_CASE("limits of the whole host can be assumed too") {
    const snapshot::Host one = host();
    const facts::Facts facts = model::derive(one, {{"net.ipv4.tcp_max_orphans", "77"}}, {});
    CHECK(facts.host->get(0, *facts.host->schema().find("max_orphans")).number() == 77);
}

TEST_CASE("after the next boot: what the files set, else the default") {
    snapshot::Host one = host();
    CHECK(fact(one, {}, {}, "boot_tw_reuse").gap().why == base::Why::not_collected);
    auto& files = one.namespaces[0].boot_sysctls.emplace();
    files.values["net.ipv4.tcp_tw_reuse"] = {"1 # ours", "F:1"};
    CHECK(fact(one, {}, {}, "boot_tw_reuse").number() == 1);
    CHECK(fact(one, {}, {}, "boot_timestamps").number() == 1);
    CHECK_FALSE(fact(one, {}, {}, "boot_no_assignment").known());
    files.values["net.ipv4.tcp_tw_reuse"] = {"\xff one", "F:1"}; // refused: the default stays
    CHECK(fact(one, {}, {}, "boot_tw_reuse").number() == 2);
    files.unread = base::Gap{"G", base::Why::denied, ""};
    CHECK(fact(one, {}, {}, "boot_tw_reuse").basis() == facts::Basis::inferred);
    CHECK(fact(one, {}, {}, "boot_timestamps").gap().why == base::Why::denied);
    files.no_assignments = 3;
    files.no_assignment_lines = {"/etc/sysctl.d/\x1b.conf:1"};
    CHECK(fact(one, {}, {}, "boot_no_assignments").number() == 3);
    CHECK(fact(one, {}, {}, "boot_no_assignment").text().find('\x1b') == std::string::npos);
}
