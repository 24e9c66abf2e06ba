#include "tests/catch.h"

#include "snapshot/census.h"
#include "tests/snapshot/sockets.h"

using snapshot::Activity;
using snapshot::Census;
using snapshot::CloseWaitKind;
using snapshot::kind_of;
using snapshot::TcpState;
using tests::listener;
using tests::socket;

namespace {

snapshot::Socket close_wait(std::uint32_t inode, std::uint32_t rqueue, std::uint32_t wqueue,
                            Activity activity) {
    auto made = socket(TcpState::close_wait, "192.0.2.1", 80, "198.51.100.1", 1000);
    made.inode = inode;
    made.rqueue = rqueue;
    made.wqueue = wqueue;
    made.activity = activity;
    return made;
}

} // namespace

// The table of docs/kernel-model.md, 5.1. Activity is {last_data_sent, last_data_recv, last_ack_recv}; where
// nothing was sent, the first is the handshake.
TEST_CASE("Kinds of CLOSE_WAIT, row by row as they were measured") {
    CHECK(kind_of(close_wait(1, 11, 0, {8504, 8504, 7504, true})) == CloseWaitKind::unread); // A
    CHECK(kind_of(close_wait(1, 0, 0, {8504, 8504, 7504, true})) == CloseWaitKind::leaked);  // B
    CHECK(kind_of(close_wait(1, 0, 0, {8504, 8504, 1460, true})) == CloseWaitKind::leaked);  // C, keepalive
    CHECK(kind_of(close_wait(1, 0, 0, {5504, 8504, 5504, true})) == CloseWaitKind::half_closed); // D
    CHECK(kind_of(close_wait(0, 11, 0, {8504, 8504, 7504, true})) == CloseWaitKind::unaccepted); // E
    CHECK(kind_of(close_wait(1, 1, 0, {8504, 8504, 7504, true})) == CloseWaitKind::unread); // F, only the FIN
    CHECK(kind_of(close_wait(1, 0, 0, {8504, 8504, 7504, true})) ==
          CloseWaitKind::leaked); // F, and it was read
}

TEST_CASE("Still sending is a half-close as long as it goes on") {
    const auto sending = [](std::uint32_t wqueue, Activity activity) {
        return kind_of(close_wait(1, 0, wqueue, activity));
    };
    CHECK(sending(100, {400'000, 400'000, 400'000, true}) == CloseWaitKind::half_closed); // not acknowledged
    CHECK(sending(0, {400'000, 402'000, 400'000, true}) == CloseWaitKind::leaked); // an answer, long ago
    CHECK(sending(0, {7505, 7510, 7504, true}) == CloseWaitKind::leaked); // a quick answer, then the FIN
    CHECK(sending(0, {200, 500'000, 210, true}) == CloseWaitKind::half_closed); // streams for minutes
    CHECK(sending(0, {59'000, 90'000, 59'000, true}) == CloseWaitKind::half_closed);
    CHECK(sending(0, {60'000, 90'000, 60'000, true}) == CloseWaitKind::leaked);
}

TEST_CASE("Without tcp_info the descriptor and the queues still tell three kinds") {
    auto bare = close_wait(1, 0, 0, {});
    bare.activity.reset();
    CHECK(kind_of(bare) == CloseWaitKind::leaked);
    bare.rqueue = 1;
    CHECK(kind_of(bare) == CloseWaitKind::unread);
    bare.inode = 0;
    CHECK(kind_of(bare) == CloseWaitKind::unaccepted);
}

TEST_CASE("Incoming ones are grouped by the listener's end point, others by the remote one") {
    Census census;
    census.add_listener(listener("0.0.0.0", 80));
    census.add_close_wait(close_wait(1, 0, 0, {400'000, 400'000, 300'000, true}));
    auto other = close_wait(2, 0, 0, {400'000, 400'000, 300'000, true});
    other.remote_port = 1001; // another client
    census.add_close_wait(other);
    other.local_port = 40000;
    census.add_close_wait(other);
    other.uid = 1000;
    census.add_close_wait(other);
    REQUIRE(census.close_waits().size() == 3);
    CHECK(census.close_waits()[0].incoming);
    CHECK(census.close_waits()[0].end_point.port == 80);
    CHECK(census.close_waits()[0].all.count == 2);
    CHECK_FALSE(census.close_waits()[1].incoming);
    CHECK(census.close_waits()[1].end_point.port == 1001);
    CHECK(census.close_waits()[2].uid == 1000);
}

TEST_CASE("The age is an interval, and unknown without tcp_info") {
    Census census;
    auto made = close_wait(7, 0, 0, {500'000, 400'000, 300'000, true});
    made.timer = snapshot::Timer::keepalive;
    census.add_close_wait(made);
    made.inode = 8;
    made.timer = snapshot::Timer::none;
    made.activity = Activity{900'000, 800'000, 29'999, true};
    census.add_close_wait(made);
    made.inode = 9;
    made.activity.reset();
    census.add_close_wait(made);
    REQUIRE(census.close_waits().size() == 1);
    const snapshot::CloseWaitCounts& all = census.close_waits()[0].all;
    CHECK(all.count == 3);
    CHECK(all.without_age == 1);
    CHECK(all.keepalive == 1);
    CHECK(all.older == std::array<std::uint32_t, 6>{2, 1, 1, 1, 0, 0}); // by the lower bound
    CHECK(all.oldest.least_ms == 300'000);
    CHECK(all.oldest.most_ms == 800'000);
    const auto& sockets = census.close_wait_sockets();
    REQUIRE(sockets.size() == 3);
    CHECK(sockets[0].inode == 7);
    CHECK(sockets[0].keepalive);
    CHECK(sockets[1].age->least_ms == 29'999);
    CHECK(sockets[1].age->most_ms == 800'000);
    CHECK_FALSE(sockets[2].age);
}

TEST_CASE("An upper bound below the lower one is not believed") {
    Census census;
    census.add_close_wait(close_wait(7, 0, 0, {1000, 299'996, 300'000, true}));
    CHECK(census.close_waits()[0].all.oldest.most_ms == 300'000);
}

TEST_CASE("The list of sockets is bounded, the counts are not") {
    Census census;
    for (std::uint32_t i = 1; i <= 70'000; ++i) {
        census.add_close_wait(close_wait(i, 0, 0, {9000, 9000, 8000, true}));
    }
    REQUIRE(census.close_waits().size() == 1);
    CHECK(census.close_waits()[0].all.count == 70'000);
    CHECK(census.close_wait_sockets().size() == 65'536);
    CHECK(census.close_waits()[0].unlisted.count == 70'000 - 65'536);
    CHECK(census.close_waits()[0].unlisted.older[0] == 70'000 - 65'536);
    CHECK(census.overflow() == 0);
}

TEST_CASE("More end points than there is room for are summed by owner") {
    Census census;
    for (std::uint32_t i = 0; i < 6000; ++i) {
        auto one = close_wait(i + 1, 0, 0, {9000, 9000, 8000, true});
        one.local_port = 40000;
        one.remote_port = static_cast<std::uint16_t>(1 + i);
        one.uid = i % 2;
        census.add_close_wait(one);
    }
    CHECK(census.overflow() == 0);
    REQUIRE(census.close_waits().size() == 4098);
    CHECK(census.close_waits()[4096].end_point.port == 0);
    CHECK(census.close_waits()[4096].all.count + census.close_waits()[4097].all.count == 6000 - 4096);
}

TEST_CASE("Who waits for accept() waits for the listener with the longest queue") {
    Census census;
    auto one = listener("0.0.0.0", 80);
    one.inode = 11;
    one.rqueue = 1;
    census.add_listener(one);
    one.inode = 12; // SO_REUSEPORT
    one.rqueue = 5;
    census.add_listener(one);
    auto elsewhere = listener("192.0.2.77", 80);
    elsewhere.inode = 13;
    elsewhere.rqueue = 9;
    census.add_listener(elsewhere);
    census.add_close_wait(close_wait(0, 1, 0, {9000, 9000, 8000, true}));
    auto outgoing = close_wait(1, 1, 0, {9000, 9000, 8000, true});
    outgoing.local_port = 40000;
    outgoing.remote_port = 80;
    census.add_close_wait(outgoing);
    REQUIRE(census.listener_behind(census.close_waits()[0]) != nullptr);
    CHECK(census.listener_behind(census.close_waits()[0])->inode == 12);
    CHECK(census.listener_behind(census.close_waits()[1]) == nullptr);
}
