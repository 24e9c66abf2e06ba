#include "tests/catch.h"

#include "snapshot/address.h"
#include "snapshot/flow_table.h"

using snapshot::Address;

TEST_CASE("Addresses are parsed and printed") {
    for (const char* text : {"192.0.2.1", "2001:db8::1", "::", "::1", "0.0.0.0", "fe80::1"}) {
        CAPTURE(text);
        REQUIRE(Address::parse(text));
        CHECK(Address::parse(text)->to_text() == text);
    }
    CHECK(Address::parse("[2001:db8::1]")->to_text() == "2001:db8::1");
    for (const char* wrong : {"", "1.2.3", "1.2.3.4.5", "[1.2.3.4]", "::g", "localhost", "1.2.3.4/8"}) {
        CAPTURE(wrong);
        CHECK_FALSE(Address::parse(wrong));
    }
}

TEST_CASE("A v4-mapped address is the IPv4 address") {
    CHECK(*Address::parse("::ffff:192.0.2.1") == *Address::parse("192.0.2.1"));
    CHECK(Address::parse("::ffff:192.0.2.1")->is_v4());
    CHECK(Address::parse("::ffff:192.0.2.1")->to_text() == "192.0.2.1");
    CHECK_FALSE(*Address::parse("::") == *Address::parse("0.0.0.0"));
}

TEST_CASE("Loopback and wildcard are told by address") {
    CHECK(Address::parse("127.9.9.9")->is_loopback());
    CHECK(Address::parse("::1")->is_loopback());
    CHECK(Address::parse("::ffff:127.0.0.1")->is_loopback());
    CHECK_FALSE(Address::parse("128.0.0.1")->is_loopback());
    CHECK_FALSE(Address::parse("::2")->is_loopback());
    CHECK(Address::parse("0.0.0.0")->is_wildcard());
    CHECK(Address::parse("::")->is_wildcard());
    CHECK_FALSE(Address::parse("0.0.0.1")->is_wildcard());
}

TEST_CASE("End points are written with brackets where they are needed") {
    CHECK(snapshot::end_point_text(*Address::parse("192.0.2.1"), 443) == "192.0.2.1:443");
    CHECK(snapshot::end_point_text(*Address::parse("2001:db8::1"), 443) == "[2001:db8::1]:443");
    CHECK(snapshot::end_point_text(Address(), 443) == "*:443");
    CHECK(snapshot::parse_end_point("[2001:db8::1]:443")->port == 443);
    CHECK(snapshot::parse_end_point("192.0.2.1:1")->address == *Address::parse("192.0.2.1"));
    for (const char* wrong : {"", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536",
                              "2001:db8::1:443", ":443", "[]:443", "host:443"}) {
        CAPTURE(wrong);
        CHECK_FALSE(snapshot::parse_end_point(wrong));
    }
}

TEST_CASE("Flows keep their numbers while the table grows, up to its limit") {
    snapshot::FlowTable table(42, 10'000);
    const auto flow = [](std::uint32_t i) {
        snapshot::Flow wanted;
        wanted.remote = Address::v4(&i);
        wanted.remote_port = static_cast<std::uint16_t>(i % 7);
        return wanted;
    };
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        const auto slot = table.find_or_add(flow(i));
        REQUIRE(slot.added);
        REQUIRE(slot.flow == i);
    }
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        REQUIRE(table.find_or_add(flow(i)).flow == i);
        REQUIRE_FALSE(table.find_or_add(flow(i)).added);
    }
    CHECK(table.find_or_add(flow(10'000)).flow == snapshot::FlowTable::none);
    CHECK(table.size() == 10'000);
}

TEST_CASE("Source, port and device tell flows apart") {
    snapshot::FlowTable table(0, 100);
    snapshot::Flow flow;
    table.find_or_add(flow);
    flow.device = 1;
    CHECK(table.find_or_add(flow).added);
    flow.remote_port = 1;
    CHECK(table.find_or_add(flow).added);
    flow.source = *Address::parse("::1");
    CHECK(table.find_or_add(flow).added);
    CHECK(table.size() == 4);
}
