#include "kernel/nsid.h"

#include "tests/catch.h"
#include "tests/kernel/messages.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

namespace {

test::Bytes number_message(std::int32_t id) {
    test::Bytes payload(NLMSG_ALIGN(sizeof(rtgenmsg)));
    const test::Bytes attribute = test::attribute(NETNSA_NSID, test::number(id));
    test::append(payload, attribute.data(), attribute.size());
    return test::message(RTM_NEWNSID, payload);
}

} // namespace

TEST_CASE("The numbers of network namespaces are read message by message") {
    test::Bytes datagram = number_message(3);
    const test::Bytes other = number_message(0);
    test::append(datagram, other.data(), other.size());
    std::set<std::int32_t> ids;
    CHECK(kernel::read_nsids(datagram, 0, ids) == 1);
    CHECK(ids == std::set<std::int32_t>{0, 3});
    CHECK(kernel::read_nsids(test::done(), 0, ids) == 0);
    CHECK(kernel::read_nsids(test::refused(EPERM), 0, ids) == -1);
    CHECK(errno == EPERM);
}

TEST_CASE("A message that claims more than is there ends the answer, however long it says it is") {
    for (const std::uint32_t length : {40U, 0x80000010U, 0xFFFFFFFFU, 4U}) {
        test::Bytes datagram = number_message(3);
        std::memcpy(datagram.data(), &length, sizeof length);
        std::set<std::int32_t> ids;
        CHECK(kernel::read_nsids(datagram, 0, ids) == -1);
        CHECK(ids.empty());
    }
}
