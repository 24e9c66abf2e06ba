#include "rules/compute.h"
#include "rules/placeholders.h"
#include "rules/resolve.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

#include <string>

using facts::TableId;
using facts::Type;
using test::missing;

namespace {

struct Fixture {
    Fixture() {
        world.host().set("orphans", test::number(7));
        world.table(TableId::netns).set("blocked", test::number(1000));
        world.table(TableId::netns).set("usable", test::number(28000));
        world.table(TableId::destination)
            .add({{"connections", test::number(10)},
                  {"free", test::inferred(4)},
                  {"blocked", test::number(3)},
                  {"in_use", test::number(0)},
                  {"remote", test::text("192.0.2.1:443")},
                  {"loopback", test::truth(false)},
                  {"used_percent", missing(base::Why::denied)},
                  {"load_percent", missing(base::Why::absent)},
                  {"births_5s", missing(base::Why::not_collected)}});
        scope.add_parameter("limit", Type::number);
        parameters.emplace_back(100.0);
    }

    rules::Context context() {
        return {&world.table(TableId::destination), 0, &world.table(TableId::netns), &world.host(),
                parameters};
    }

    facts::Value compute(std::string_view text) {
        INFO(text);
        auto parsed = rules::parse_expression(text);
        REQUIRE(parsed.has_value());
        std::vector<rules::ExpressionError> mistakes;
        REQUIRE(rules::resolve(*parsed, scope, mistakes).has_value());
        REQUIRE(mistakes.empty());
        return rules::compute(*parsed, context());
    }

    test::World world;
    rules::Scope scope{TableId::destination};
    std::vector<facts::Value> parameters;
};

} // namespace

TEST_CASE_METHOD(Fixture, "arithmetic and its precedence") {
    const std::pair<const char*, double> table[] = {
        {"1 + 2 * 3", 7},          {"(1 + 2) * 3", 9},     {"10 - 2 - 3", 5},     {"12 / 2 / 3", 2},
        {"2 * 7 % 4", 2},          {"-2 * -3", 6},         {"1 - -1", 2},         {"-free", -4},
        {"min(3, free, 9)", 3},    {"max(3, free, 9)", 9}, {"abs(free - 10)", 6}, {"if(free < 5, 1, 2)", 1},
        {"if(loopback, 1, 2)", 2}, {"limit / 8", 12.5},    {"1e3 + .5", 1000.5},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        CHECK(compute(text).number() == expected);
    }
}

TEST_CASE_METHOD(Fixture, "logic and comparisons") {
    for (const char* text :
         {"true or true and false", "not false and true", "not free > 5", "1 < 2", "2 <= 2", "3 > 2",
          "2 >= 2", "1 == 1", "1 != 2", "remote == '192.0.2.1:443'", "remote != \"x\"", "free in [1, 4]",
          "not (free in [1, 2])", "remote in ['x', '192.0.2.1:443']", "loopback == false", "known(free)",
          "not known(used_percent)", "known(1 / 1)", "1+1 == 2 and 2*2 == 4"}) {
        INFO(text);
        CHECK(compute(text).truth());
    }
}

TEST_CASE_METHOD(Fixture, "names resolve to the row, the namespace, the host and parameters") {
    CHECK(compute("blocked").number() == 3);
    CHECK(compute("namespace.blocked").number() == 1000);
    CHECK(compute("usable").number() == 28000);
    CHECK(compute("orphans").number() == 7);
    CHECK(compute("host.orphans").number() == 7);
    CHECK(compute("limit").number() == 100);
}

TEST_CASE_METHOD(Fixture, "missing values are neither true nor false") {
    CHECK_FALSE(compute("used_percent > 5 and false").truth());
    CHECK_FALSE(compute("false and used_percent > 5").truth());
    CHECK(compute("used_percent > 5 or true").truth());
    CHECK(compute("true or used_percent > 5").truth());
    for (const char* text :
         {"used_percent > 5", "not used_percent > 5", "used_percent > 5 and true",
          "used_percent > 5 or false", "used_percent == used_percent", "used_percent + 1", "-used_percent",
          "abs(used_percent)", "min(1, used_percent)", "if(used_percent > 1, 1, 2)", "used_percent in [1]",
          "free in [1, used_percent]"}) {
        INFO(text);
        CHECK_FALSE(compute(text).known());
    }
    CHECK(compute("free in [used_percent, 4]").truth());
    CHECK(compute("if(true, 1, used_percent)").number() == 1);
}

TEST_CASE_METHOD(Fixture, "the gravest reason is given") {
    CHECK(compute("load_percent + used_percent").gap().why == base::Why::denied);
    CHECK(compute("used_percent + load_percent").gap().why == base::Why::denied);
    CHECK(compute("load_percent > 1 and births_5s > 1").gap().why == base::Why::not_collected);
    CHECK(compute("load_percent > 1 or used_percent > 1").gap().why == base::Why::denied);
    CHECK(rules::is_harmful(missing(base::Why::denied).gap()));
    CHECK(rules::is_harmful(missing(base::Why::failed).gap()));
    CHECK(rules::is_harmful(missing(base::Why::truncated).gap()));
    CHECK_FALSE(rules::is_harmful(missing(base::Why::absent).gap()));
    CHECK_FALSE(rules::is_harmful(missing(base::Why::not_collected).gap()));
}

TEST_CASE_METHOD(Fixture, "nothing becomes infinite") {
    for (const char* text :
         {"free / in_use", "free % in_use", "1e308 * 1e308", "1e308 + 1e308", "-1e308 - 1e308"}) {
        INFO(text);
        const facts::Value value = compute(text);
        REQUIRE_FALSE(value.known());
        CHECK(value.gap().what == text);
    }
    CHECK(base::to_text(compute("free / in_use").gap()) == "free / in_use: absent (division by zero)");
    CHECK(compute("known(free / in_use) and free / in_use > 1 or true").truth());
}

TEST_CASE_METHOD(Fixture, "what stands on an inferred fact is inferred") {
    CHECK(compute("free + 1").basis() == facts::Basis::inferred);
    CHECK(compute("connections + 1").basis() == facts::Basis::measured);
    CHECK(compute("free < 5 and connections == 10").basis() == facts::Basis::inferred);
}

TEST_CASE_METHOD(Fixture, "a fact that makes no sense is missing") {
    world.table(TableId::destination).set("free", test::number(0.0 / 0.0));
    REQUIRE_FALSE(compute("free + 1").known());
    CHECK(compute("free + 1").gap().why == base::Why::failed);
}

TEST_CASE("depth and length are limited") {
    const auto repeat = [](std::string_view part, int count) {
        std::string text;
        for (int i = 0; i < count; ++i) {
            text += part;
        }
        return text;
    };
    for (const std::string& text :
         {repeat("(", 1900) + "1" + repeat(")", 1900), repeat("not ", 900) + "true", repeat("-", 3000) + "1",
          repeat("1+", 1900) + "1", repeat("abs(", 600) + "1", repeat("if(true,1,", 300) + "1",
          repeat("true or ", 400) + "true", std::string(100000, '(')}) {
        const auto parsed = rules::parse_expression(text);
        REQUIRE_FALSE(parsed.has_value());
    }
    CHECK(rules::parse_expression(repeat("1+", 90) + "1").has_value());
    CHECK(rules::parse_expression(repeat("(", 90) + "1" + repeat(")", 90)).has_value());
}

TEST_CASE_METHOD(Fixture, "placeholders print as people write") {
    const auto filled = [&](std::string_view text) {
        std::vector<rules::ExpressionError> mistakes;
        const rules::Template parsed = rules::parse_template(text, scope, mistakes);
        REQUIRE(mistakes.empty());
        return rules::fill(parsed, context(), {"12.5", "%", "70", "90"});
    };
    CHECK(filled("{remote}: {free} of {limit}") == "192.0.2.1:443: 4 of 100");
    CHECK(filled("{value} {unit}, W {warning} C {critical}") == "12.5 %, W 70 C 90");
    CHECK(filled("awk '{{print $1}}' {loopback} {used_percent}") == "awk '{print $1}' no unknown");
    CHECK(filled("") == "");
    CHECK(rules::to_text(test::number(2.25)) == "2.2");
    CHECK(rules::to_text(test::number(1e6)) == "1000000");
}
