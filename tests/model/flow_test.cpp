#include "tests/catch.h"

#include "facts/schema.h"
#include "model/time_wait.h"
#include "tests/model/spaces.h"

#include <string>

namespace {

/// Ages of a steady rate that began `seconds` ago.
std::array<std::uint16_t, model::age_bins> steady(std::uint16_t per_second, std::size_t seconds) {
    std::array<std::uint16_t, model::age_bins> ages{};
    for (std::size_t i = 0; i < std::min(seconds, ages.size()); ++i) {
        ages[i] = per_second;
    }
    return ages;
}

} // namespace

TEST_CASE("TIME_WAIT has one clock") {
    CHECK(model::time_wait_length == 60);
    CHECK(model::time_wait_seconds == 62.1);
    const facts::Schema& table = facts::schema(facts::TableId::netns);
    CHECK(table.columns[table.find("expected_time_wait").value()].formula ==
          std::to_string(model::time_wait_length) + " * expected_rate");
}

TEST_CASE("Births are counted from the ages over 5, 15 and 60 s") {
    const auto entries = model::entries(steady(10, 15));
    CHECK(entries.over_5s == 10);
    CHECK(entries.over_15s == 10);
    CHECK(entries.over_60s == Approx(2.5));
}

TEST_CASE("A burst that is over is not a trend") {
    std::array<std::uint16_t, model::age_bins> ages{};
    ages[7] = 500;
    CHECK(model::present_rate(model::entries(ages)) == 0);
    CHECK(model::present_rate(model::entries(steady(10, 3))) == 6);
    CHECK(model::present_rate(model::entries(steady(1, 60))) == 1);
}

TEST_CASE("A rate that lasts is that of the last 5 s and of the 10 s before") {
    const auto lasting = [](const std::array<std::uint16_t, model::age_bins>& ages) {
        return model::load_of(model::entries(ages), 621, model::time_wait_seconds).percent_lasting;
    };
    CHECK(lasting(steady(20, 15)) == Approx(200));
    CHECK(lasting(steady(20, 10)) == Approx(100));            // half of the 10 s before
    CHECK(lasting(steady(500, 1)) == Approx(0).margin(1e-6)); // a burst of now
    auto over = steady(20, 15);
    std::fill_n(over.begin(), 5, std::uint16_t{0});
    CHECK(lasting(over) == 0); // and one that is over
}

TEST_CASE("What has stopped two seconds ago is no trend any more") {
    std::array<std::uint16_t, model::age_bins> ages{};
    ages[2] = 250;
    CHECK(model::present_rate(model::entries(ages)) == 0);
    ages[0] = 250;
    CHECK(model::present_rate(model::entries(ages)) == 100);
    std::array<std::uint16_t, model::age_bins> calmer = steady(20, 15);
    calmer[0] = calmer[1] = 2;
    CHECK(model::present_rate(model::entries(calmer)) == 2);
}

TEST_CASE("The forecast goes on with the longest rate that agrees with the last seconds") {
    CHECK(model::present_rate(model::entries(steady(10, 60))) == 10);
    CHECK(model::present_rate(model::entries(steady(10, 15))) == 10); // not the 2.5 over a minute
    auto faster = steady(10, 60);
    std::fill_n(faster.begin(), 5, std::uint16_t{40});
    CHECK(model::present_rate(model::entries(faster)) == 40);
    auto slower = steady(40, 60);
    std::fill_n(slower.begin(), 5, std::uint16_t{10});
    CHECK(model::present_rate(model::entries(slower)) == 10);
}

TEST_CASE("Where ports are reused, only what is younger than the delay is complete") {
    std::array<std::uint16_t, model::age_bins> ages{}; // 300 a second on 400 ports, delay 1 s
    ages[0] = 300;
    ages[1] = 90;
    ages[2] = 10;
    const auto entries = model::entries_under_reuse(ages, 1000);
    CHECK(entries.over_5s == 300);
    CHECK(entries.over_60s == 300);
    CHECK(model::entries_under_reuse(ages, 3000).over_60s == Approx(400.0 / 3));
    CHECK(model::entries_under_reuse(ages, 1).over_60s == 300);
}

TEST_CASE("With reuse the ports run out only if the rate outruns the delay") {
    CHECK_FALSE(model::forecast_under_reuse(300, 300, 400, 1).full_after);
    CHECK(model::forecast_under_reuse(300, 300, 400, 1).peak_ports == 300);
    CHECK(model::forecast_under_reuse(100, 500, 400, 1).full_after == Approx(0.6));
    CHECK(model::forecast_under_reuse(400, 500, 400, 1).full_after == 0.0);
}

TEST_CASE("The load is the rate over what can be sustained") {
    const auto load = model::load_of(model::entries(steady(6, 60)), 400, model::time_wait_seconds);
    CHECK(load.sustainable_rate == Approx(6.44).epsilon(0.001));
    CHECK(load.percent == Approx(93.2).epsilon(0.001));
    CHECK(model::load_of(model::entries(steady(6, 60)), 0, model::time_wait_seconds).percent ==
          model::most_load);
    CHECK(model::load_of({}, 0, model::time_wait_seconds).percent == 0);
}

TEST_CASE("The forecast meets the measured times on 400 ports") {
    // From empty: 8/s fails at 50 s, 20/s at 20 s, 6/s never (docs/kernel-model.md, 0).
    for (const auto& [rate, fails_at] : {std::pair{8, 50.0}, std::pair{20, 20.0}}) {
        const auto per_second = static_cast<std::uint16_t>(rate);
        const auto ahead = model::forecast(steady(per_second, 10), {1.0 * rate}, 400);
        REQUIRE(ahead.full_after);
        CHECK(*ahead.full_after + 10 == Approx(fails_at).epsilon(0.02));
    }
    const auto never = model::forecast(steady(6, 10), {6}, 400);
    CHECK_FALSE(never.full_after);
    CHECK(never.peak_ports == Approx(366).epsilon(0.02));
}

TEST_CASE("A rate that just outruns the limit gets the slow half of the timers") {
    const auto ahead = model::forecast({}, {6.5}, 400); // 62.1 s of it are 403 ports
    CHECK(ahead.full_after.value_or(0) == Approx(400 / 6.5));
    const auto lasting = model::forecast({}, {6.4}, 400);
    CHECK_FALSE(lasting.full_after);
    CHECK(lasting.peak_ports == Approx(6.4 * 61));
}

TEST_CASE("A rate that grows steadily is followed") {
    std::array<std::uint16_t, model::age_bins> ages{}; // 100/s, and 30/s more each second, for 10 s
    for (std::size_t age = 0; age < 10; ++age) {
        ages[age] = static_cast<std::uint16_t>(385 - 30 * age);
    }
    const auto trend = model::trend(ages);
    REQUIRE(trend);
    CHECK(trend->rate == Approx(400));
    CHECK(trend->growth == Approx(30));
    CHECK(model::forecast(ages, *trend, 2500 + 2486).full_after.value_or(0) == Approx(5.2).margin(0.05));
    CHECK_FALSE(model::forecast(ages, *trend, 100'000).full_after);
}

TEST_CASE("A step, a steady rate and the scatter of a few are no steady growth") {
    CHECK_FALSE(model::trend(steady(500, 60)));
    CHECK_FALSE(model::trend(steady(500, 3)));
    CHECK_FALSE(model::trend(steady(500, 5)));
    std::array<std::uint16_t, model::age_bins> few{};
    std::copy_n(std::to_array<std::uint16_t>({3, 2, 2, 2, 1, 2, 1, 1}).begin(), 8, few.begin());
    CHECK_FALSE(model::trend(few));
    std::array<std::uint16_t, model::age_bins> slowing{};
    std::copy_n(std::to_array<std::uint16_t>({10, 20, 30, 40, 50, 60, 70, 80}).begin(), 8, slowing.begin());
    CHECK_FALSE(model::trend(slowing));
}

TEST_CASE("What will die is taken away") {
    std::array<std::uint16_t, model::age_bins> old{};
    old[55] = 390;
    CHECK_FALSE(model::forecast(old, {1}, 400).full_after);
    CHECK(model::forecast(old, {5}, 400).full_after.value_or(0) == Approx(2).margin(0.1));
    CHECK(model::forecast(old, {0}, 390).full_after == 0.0);
}

TEST_CASE("With reuse a rate of hundreds is sustainable") {
    auto netns = tests::netns();
    netns.sysctls.set("net.ipv4.tcp_tw_reuse", "2");
    for (std::uint16_t i = 0; i < 900; ++i) {
        netns.sockets.add(
            tests::time_wait("127.0.0.1", static_cast<std::uint16_t>(40000 + i), "127.0.0.1", 80, 2000));
    }
    const auto d = tests::towards(netns, "127.0.0.1:80");
    CHECK(d.entries_5s == 180);
    CHECK(d.sustainable_rate == Approx(1000));
    CHECK_FALSE(d.exhausted_in);
    CHECK(d.free == 1000);
}
