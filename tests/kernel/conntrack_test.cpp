#include "tests/catch.h"

#include "kernel/conntrack.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <vector>

#include <libmnl/libmnl.h>

namespace {

constexpr std::uint16_t entry_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;

void put_tuple(nlmsghdr* header, std::uint16_t type, const char* source, std::uint16_t source_port,
               const char* destination, std::uint16_t destination_port, std::uint8_t protocol) {
    nlattr* tuple = mnl_attr_nest_start(header, type);
    nlattr* ip = mnl_attr_nest_start(header, CTA_TUPLE_IP);
    mnl_attr_put_u32(header, CTA_IP_V4_SRC, ::inet_addr(source));
    mnl_attr_put_u32(header, CTA_IP_V4_DST, ::inet_addr(destination));
    mnl_attr_nest_end(header, ip);
    nlattr* ports = mnl_attr_nest_start(header, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(header, CTA_PROTO_NUM, protocol);
    mnl_attr_put_u16(header, CTA_PROTO_SRC_PORT, htons(source_port));
    mnl_attr_put_u16(header, CTA_PROTO_DST_PORT, htons(destination_port));
    mnl_attr_nest_end(header, ports);
    mnl_attr_nest_end(header, tuple);
}

/// As the kernel sends it: 10.0.0.7:5000 goes to 192.0.2.9:443 and is seen there as 203.0.113.1:40007.
std::vector<std::byte> entry(std::uint8_t protocol = IPPROTO_TCP) {
    std::vector<std::byte> bytes(1024);
    nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
    header->nlmsg_type = entry_type;
    mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg));
    put_tuple(header, CTA_TUPLE_ORIG, "10.0.0.7", 5000, "192.0.2.9", 443, protocol);
    put_tuple(header, CTA_TUPLE_REPLY, "192.0.2.9", 443, "203.0.113.1", 40007, protocol);
    bytes.resize(header->nlmsg_len);
    return bytes;
}

std::vector<std::byte> end(std::int32_t error, std::uint16_t type = NLMSG_DONE) {
    std::vector<std::byte> bytes(64);
    nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
    header->nlmsg_type = type;
    std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof error), &error, sizeof error);
    bytes.resize(header->nlmsg_len);
    return bytes;
}

struct Read {
    std::vector<snapshot::NatEntry> entries;
    kernel::NatReader reader{[this](const snapshot::NatEntry& entry) { entries.push_back(entry); }};
};

} // namespace

TEST_CASE("An entry of conntrack tells the client, the address of the NAT and the remote end") {
    Read read;
    CHECK(read.reader.read(entry()));
    CHECK_FALSE(read.reader.read(end(0)));
    CHECK(read.reader.outcome());
    REQUIRE(read.entries.size() == 1);
    const snapshot::NatEntry& got = read.entries.front();
    CHECK(got.client.address.to_text() == "10.0.0.7");
    CHECK(got.client.port == 5000);
    CHECK(got.nat.address.to_text() == "203.0.113.1");
    CHECK(got.nat.port == 40007);
    CHECK(got.remote.address.to_text() == "192.0.2.9");
    CHECK(got.remote.port == 443);
}

TEST_CASE("Entries of other protocols, and those that are cut anywhere, count for nothing") {
    Read read;
    CHECK(read.reader.read(entry(IPPROTO_UDP)));
    CHECK(read.entries.empty());
    const auto whole = entry();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        Read cut;
        cut.reader.read(std::span(whole).first(length)); // its header promises more
        CHECK(cut.entries.empty());
        auto shorter = whole;
        shorter.resize(length);
        if (length >= sizeof(nlmsghdr)) {
            const auto stated = static_cast<std::uint32_t>(length);
            std::memcpy(shorter.data(), &stated, sizeof stated);
            cut.reader.read(shorter);
            CHECK(cut.entries.empty());
        }
    }
}

TEST_CASE("An entry that a mask has wiped is none, and then the answer is not whole") {
    auto wiped = entry();
    std::fill(wiped.begin() + sizeof(nlmsghdr), wiped.end(), std::byte{});
    Read read;
    read.reader.read(wiped);
    read.reader.read(end(0));
    CHECK(read.entries.empty());
    REQUIRE_FALSE(read.reader.outcome());
    CHECK(read.reader.outcome().error().why == base::Why::truncated);
}

TEST_CASE("A refusal is a gap, and so is an answer without an end") {
    Read refused;
    CHECK_FALSE(refused.reader.read(end(-EPERM, NLMSG_ERROR)));
    REQUIRE_FALSE(refused.reader.outcome());
    CHECK(refused.reader.outcome().error().why == base::Why::denied);
    Read endless;
    endless.reader.read(entry());
    REQUIRE_FALSE(endless.reader.outcome());
    CHECK(endless.reader.outcome().error().why == base::Why::truncated);
}
