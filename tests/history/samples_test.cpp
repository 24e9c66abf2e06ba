#include "history/samples.h"

#include "snapshot/close_wait.h"
#include "tests/catch.h"
#include "tests/snapshot/sockets.h"

using history::NetnsHistory;

namespace {

history::Sample at(double uptime) {
    history::Sample sample;
    sample.uptime = uptime;
    return sample;
}

NetnsHistory every_minute(int minutes) {
    NetnsHistory history;
    for (int minute = 0; minute <= minutes; ++minute) {
        history::add(history, at(60.0 * minute));
    }
    return history;
}

} // namespace

TEST_CASE("A rate is taken from the newest sample that is old enough") {
    const NetnsHistory history = every_minute(10);
    REQUIRE(history.before(600, 30) != nullptr);
    CHECK(history.before(600, 30)->uptime == 540);
    CHECK(history.before(629, 30)->uptime == 540);
    CHECK(history.before(630, 30)->uptime == 600);
    CHECK(history.before(600 + 3600, 30)->uptime == 600);
    CHECK(history.before(600 + 3601, 30) == nullptr);
    CHECK(NetnsHistory().before(600, 30) == nullptr);
}

TEST_CASE("A run by hand right after the scheduled one pushes nothing out") {
    NetnsHistory history = every_minute(10);
    for (int second = 1; second <= 20; ++second) {
        history::add(history, at(600 + second));
    }
    CHECK(history.before(621, 30)->uptime == 540);
    CHECK(history.samples.back().uptime == 620);
}

TEST_CASE(
    "Ten services every minute, at any second, always find a sample of half a minute to two minutes ago") {
    NetnsHistory history;
    for (int minute = 0; minute < 200; ++minute) {
        for (int service = 0; service < 10; ++service) {
            const double now = 60.0 * minute + service * 5.7;
            if (minute > 2) {
                const history::Sample* earlier = history.before(now, 30);
                REQUIRE(earlier != nullptr);
                CHECK(now - earlier->uptime <= 120);
            }
            history::add(history, at(now));
        }
    }
    CHECK(history.samples.size() <= 40);
}

TEST_CASE("Samples reach back for nearly an hour, and stay few") {
    const NetnsHistory history = every_minute(600);
    CHECK(history.samples.size() <= 20);
    CHECK(history.samples.front().uptime <= 36000 - 3300);
    CHECK(history.samples.front().uptime >= 36000 - 3600);
    for (double age = 30; age < 3000; age += 10) {
        const history::Sample* earlier = history.before(36000, age);
        REQUIRE(earlier != nullptr);
        CHECK(36000 - earlier->uptime <= age + 300);
    }
}

TEST_CASE("Samples of the future go: the clock of another boot or container") {
    NetnsHistory history = every_minute(10);
    history::add(history, at(100));
    REQUIRE(history.samples.size() == 2); // 0 and this one
    CHECK(history.samples.back().uptime == 100);
}

namespace {

snapshot::Socket waiting(std::uint64_t cookie, std::uint32_t ack_ms, std::uint32_t data_ms) {
    auto socket = tests::socket(snapshot::TcpState::close_wait, "192.0.2.1", 40000, "192.0.2.9", 80);
    socket.activity = snapshot::Activity{};
    socket.activity->last_ack_recv_ms = ack_ms;
    socket.activity->last_data_recv_ms = data_ms;
    socket.activity->last_data_sent_ms = 2'000'000;
    socket.cookie = cookie;
    return socket;
}

} // namespace

TEST_CASE("A socket that stood in CLOSE_WAIT before has waited since") {
    snapshot::CloseWaits close_waits;
    REQUIRE(close_waits.add(waiting(1, 7000, 90000), false));    // keepalive answers make it look younger
    REQUIRE(close_waits.add(waiting(2, 400000, 400000), false)); // proves more by itself
    REQUIRE(close_waits.add(waiting(3, 5000, 900000), false));   // was not there
    close_waits.prove_ages({9940, true, {{1, 9000}, {2, 9900}}}, 10000);
    const auto& sockets = close_waits.sockets();
    CHECK(sockets[0].age->least_ms == 999000);
    CHECK(sockets[0].age->most_ms == 999000);
    CHECK(sockets[1].age->least_ms == 400000);
    CHECK(sockets[2].age->least_ms == 5000);
    CHECK(sockets[2].age->most_ms == 61000);
    const auto& older = close_waits.groups()[0].all.older;
    CHECK(older[2] == 2); // 60 s
    CHECK(older[3] == 2); // 300 s
    CHECK(older[4] == 0);
}

TEST_CASE("A run of a moment ago proves nothing, least of all 49 days") {
    snapshot::CloseWaits close_waits;
    REQUIRE(close_waits.add(waiting(1, 300, 300), false));
    close_waits.prove_ages({9999.7, true, {{1, 9999.7}}}, 10000);
    CHECK(close_waits.sockets()[0].age->least_ms == 300);
    CHECK(close_waits.groups()[0].all.older[0] == 0);
}

TEST_CASE("A list of waiting sockets that is not complete proves no youth") {
    snapshot::CloseWaits close_waits;
    REQUIRE(close_waits.add(waiting(3, 5000, 900000), false));
    close_waits.prove_ages({9940, false, {}}, 10000);
    CHECK(close_waits.sockets()[0].age->most_ms == 900000);
    close_waits.prove_ages({20000, true, {}}, 10000); // of the future
    CHECK(close_waits.sockets()[0].age->most_ms == 900000);
}

TEST_CASE("The next run learns how long each socket has waited at least") {
    snapshot::CloseWaits close_waits;
    REQUIRE(close_waits.add(waiting(9, 7000, 90000), false));
    REQUIRE(close_waits.add(waiting(4, 1000, 1000), false));
    const auto now = close_waits.waiting(10000);
    CHECK(now.complete);
    CHECK(now.uptime == 10000);
    REQUIRE(now.sockets.size() == 2);
    CHECK(now.sockets[0].cookie == 4);
    CHECK(now.find(9)->first_seen == 9993);
    for (std::uint64_t cookie = 10; cookie < 4000; ++cookie) {
        close_waits.add(waiting(cookie, static_cast<std::uint32_t>(cookie), 5000), false);
    }
    const auto many = close_waits.waiting(10000);
    CHECK_FALSE(many.complete);
    CHECK(many.sockets.size() == 2048);
    CHECK(many.find(9) != nullptr); // the oldest
    CHECK(many.find(10) == nullptr);
}
