#include "rules/range.h"

#include "tests/catch.h"

#include <vector>

namespace {

rules::Range range(std::string_view text, std::string_view unit = "") {
    const auto parsed = rules::parse_range(text, unit);
    INFO(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

std::string range_error(std::string_view text, std::string_view unit = "") {
    const auto parsed = rules::parse_range(text, unit);
    INFO(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK_FALSE(parsed.error().advice.empty());
    return parsed.error().message;
}

} // namespace

TEST_CASE("every form of a range alerts where the guidelines say") {
    struct Row {
        const char* text;
        std::vector<double> alerts;
        std::vector<double> quiet;
    };
    const std::vector<Row> table = {
        {"10", {-0.1, 10.1}, {0, 5, 10}},      {"10:", {9.9, -5}, {10, 1e12}},
        {"~:10", {10.1}, {10, -1e12}},         {"10:20", {9.9, 20.1}, {10, 15, 20}},
        {"@10:20", {10, 15, 20}, {9.9, 20.1}}, {"@~:20", {20, -1e12}, {20.1}},
        {"@10", {0, 5, 10}, {-0.1, 10.1}},     {"0:10", {-0.1, 10.1}, {0, 10}},
        {":10", {-0.1, 10.1}, {0, 10}},        {"~:", {}, {-1e12, 0, 1e12}},
        {"@~:", {-1e12, 0, 1e12}, {}},         {"1:1", {0.9, 1.1}, {1}},
        {"-5:-1", {-5.1, -0.9}, {-5, -1}},     {"1e3", {1001}, {1000}},
        {"+1:0.5e1", {0.9, 5.1}, {1, 5}},
    };
    for (const Row& row : table) {
        const rules::Range parsed = range(row.text);
        CHECK(parsed.text == row.text);
        for (const double value : row.alerts) {
            INFO(row.text << " at " << value);
            CHECK(parsed.alerts(value));
            CHECK(parsed.excess(value) >= 0);
        }
        for (const double value : row.quiet) {
            INFO(row.text << " at " << value);
            CHECK_FALSE(parsed.alerts(value));
            CHECK(parsed.excess(value) == 0);
        }
    }
}

TEST_CASE("what is not a range says why") {
    CHECK(range_error("20:10") == "'20:10' is not a range: start 20 is greater than end 10");
    CHECK(range_error("abc") == "'abc' is not a range: 'abc' is not a number");
    for (const char* text : {"", ":", "@", "@:"}) {
        CHECK(range_error(text) == std::string("'") + text + "' is not a range: it has no number");
    }
    CHECK(range_error("~") == "'~' is not a range: '~' needs a colon");
    CHECK(range_error("10:~") ==
          "'10:~' is not a range: '~' can only be the start; an open end is written as nothing");
    CHECK(range_error("10:20:30") == "'10:20:30' is not a range: it has a second colon");
    CHECK(range_error("0x10") == "'0x10' is not a range: hexadecimal numbers are not allowed");
    for (const char* text : {"inf", "nan", "1:inf", " 10", "10 ", "1,5", "--1", "1e999", "@@1", "~~:1"}) {
        range_error(text);
    }
    CHECK(range_error("-5") == "'-5' is not a range: start 0 is greater than end -5");
    CHECK(range_error("/root:10") == "'/root:10' is not a range: did the shell expand a tilde?");
    CHECK(rules::parse_range("@/home/me:10", "").error().advice == "put it in quotes: '@~:10'");
}

TEST_CASE("numbers of a range have digits on both sides of the point") {
    CHECK(range_error("1.") == "'1.' is not a range: '1.' lacks a digit before or behind the point");
    CHECK(range_error(".5:10") == "'.5:10' is not a range: '.5' lacks a digit before or behind the point");
    for (const char* text : {"1.e3", ".", "+", "-.5", "1e", "1e+", "1.5.5", "e5", "+-1", "1e5.0"}) {
        range_error(text);
    }
    CHECK(range("-1.5:+2.5E+1").high == 25);
    CHECK(range("5e-1").high == 0.5);
}

TEST_CASE("programs get the range in plain numbers") {
    const auto canonical = [](const char* text) { return range(text, "%").canonical(); };
    CHECK(canonical("80%") == "80");
    CHECK(canonical("0:80") == "80");
    CHECK(canonical(":80.50") == "80.5");
    CHECK(canonical("+10:1e3") == "10:1000");
    CHECK(canonical("-0:10") == "10");
    CHECK(canonical("~:1e20") == "~:100000000000000000000");
    CHECK(canonical("1e-7:") == "0.0000001:");
    CHECK(canonical("0:") == "0:");
    CHECK(canonical("~:") == "~:");
    CHECK(canonical("@0:5%") == "@0:5");
    CHECK(canonical("@~:-5") == "@~:-5");
    CHECK(canonical("-5:-1") == "-5:-1");
    CHECK(canonical("~:1.7976931348623157e308").size() == 2 + 309);
    for (const char* text : {"0.1", "1e-300:0.3", "~:123456789.123456789"}) {
        const rules::Range once = range(text);
        const rules::Range twice = range(once.canonical());
        CHECK(twice.low == once.low);
        CHECK(twice.high == once.high);
    }
}

TEST_CASE("a percent sign is for percentages only") {
    CHECK(range("80%", "%").high == 80);
    CHECK(range("10%:20%", "%").low == 10);
    CHECK(range_error("80%", "sockets") ==
          "'80%' is not a range: the value is not in percent but in sockets");
    CHECK(range_error("80%%", "%") == "'80%%' is not a range: '80%%' is not a number");
}

TEST_CASE("a range within another is recognised") {
    const auto within = [](const char* inner, const char* outer) {
        return alerts_within(range(inner), range(outer));
    };
    CHECK(within("95", "90"));
    CHECK(within("90", "90"));
    CHECK_FALSE(within("70", "90"));
    CHECK_FALSE(within("95", "~:90")); // below 0 only the first alerts
    CHECK(within("~:95", "90"));
    CHECK(within("@5:6", "@1:10"));
    CHECK_FALSE(within("@1:10", "@5:6"));
    CHECK(within("@20:30", "10"));
    CHECK_FALSE(within("@10:30", "10")); // 10 itself
    CHECK(within("~:", "10"));
    CHECK_FALSE(within("10", "~:"));
    CHECK(within("@~:", "@~:"));
}
