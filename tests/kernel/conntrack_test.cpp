#include "tests/catch.h"

#include "kernel/conntrack.h"
#include "tests/kernel/conntrack_messages.h"

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

using test::conntrack_entry;

std::vector<std::byte> end(std::int32_t error, std::uint16_t type = NLMSG_DONE) {
    std::vector<std::byte> bytes(64);
    nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
    header->nlmsg_type = type;
    std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof error), &error, sizeof error);
    bytes.resize(header->nlmsg_len);
    return bytes;
}

struct NatRead {
    std::vector<snapshot::NatEntry> entries;
    kernel::NatReader reader{[this](const snapshot::NatEntry& entry) { entries.push_back(entry); }};
};

} // namespace

TEST_CASE("An entry of conntrack tells the client, the address of the NAT and the remote end") {
    NatRead read;
    CHECK(read.reader.read(conntrack_entry()));
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
    NatRead read;
    CHECK(read.reader.read(conntrack_entry(IPPROTO_UDP)));
    CHECK(read.entries.empty());
    const auto whole = conntrack_entry();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        NatRead cut;
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
    auto wiped = conntrack_entry();
    std::fill(wiped.begin() + sizeof(nlmsghdr), wiped.end(), std::byte{});
    NatRead read;
    read.reader.read(wiped);
    read.reader.read(end(0));
    CHECK(read.entries.empty());
    REQUIRE_FALSE(read.reader.outcome());
    CHECK(read.reader.outcome().error().why == base::Why::truncated);
}

TEST_CASE("A refusal is a gap, and so is an answer without an end") {
    NatRead refused;
    CHECK_FALSE(refused.reader.read(end(-EPERM, NLMSG_ERROR)));
    REQUIRE_FALSE(refused.reader.outcome());
    CHECK(refused.reader.outcome().error().why == base::Why::denied);
    NatRead endless;
    endless.reader.read(conntrack_entry());
    REQUIRE_FALSE(endless.reader.outcome());
    CHECK(endless.reader.outcome().error().why == base::Why::truncated);
}
