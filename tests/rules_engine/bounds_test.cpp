#include "rules/bounds.h"
#include "rules/resolve.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

#include <random>
#include <string>

using facts::TableId;
using facts::Type;

namespace {

constexpr const char* columns[] = {"connections", "free", "in_use", "time_wait", "used_percent"};

/// Writes random expressions that fit their types.
class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}

    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

    std::string number(int depth) {
        switch (depth == 0 ? pick(2) : pick(11)) {
        case 0:
            return columns[pick(5)];
        case 1:
            return std::to_string(pick(21) - 10);
        case 2:
            return "(" + number(depth - 1) + " + " + number(depth - 1) + ")";
        case 3:
            return "(" + number(depth - 1) + " - " + number(depth - 1) + ")";
        case 4:
            return "(" + number(depth - 1) + " * " + number(depth - 1) + ")";
        case 5:
            return "(" + number(depth - 1) + " / " + number(depth - 1) + ")";
        case 6:
            return "(" + number(depth - 1) + " % " + number(depth - 1) + ")";
        case 7:
            return "abs(-" + number(depth - 1) + ")";
        case 8:
            return "min(" + number(depth - 1) + ", " + number(depth - 1) + ")";
        case 9:
            return "max(" + number(depth - 1) + ", " + number(depth - 1) + ")";
        default:
            return "if(" + truth(depth - 1) + ", " + number(depth - 1) + ", " + number(depth - 1) + ")";
        }
    }

    std::string truth(int depth) {
        constexpr const char* signs[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
        switch (depth == 0 ? pick(2) : pick(6)) {
        case 0:
            return "(" + number(depth == 0 ? 0 : depth - 1) + signs[pick(6)] +
                   number(depth == 0 ? 0 : depth - 1) + ")";
        case 1:
            return pick(2) == 0 ? "loopback" : "(remote == 'a')";
        case 2:
            return "(" + truth(depth - 1) + " and " + truth(depth - 1) + ")";
        case 3:
            return "(" + truth(depth - 1) + " or " + truth(depth - 1) + ")";
        case 4:
            return "known(" + number(depth - 1) + ")";
        default:
            return pick(2) == 0
                       ? "(not " + truth(depth - 1) + ")"
                       : "(" + number(depth - 1) + " in [" + number(0) + ", " + number(depth - 1) + "])";
        }
    }

  private:
    std::mt19937 random_;
};

void fill_rows(Generator& generator, test::QuietTable& table) {
    const int spread = 1 + generator.pick(6);
    const int base = generator.pick(11) - 5;
    for (int i = 0; i < 6; ++i) {
        test::Row row;
        for (const char* column : columns) {
            row.emplace_back(column, test::number(base + generator.pick(spread)));
        }
        row.back().second =
            i == 3 && generator.pick(4) == 0 ? test::missing(base::Why::absent) : row.back().second;
        row.emplace_back("loopback", test::truth(generator.pick(2) == 0));
        row.emplace_back("remote", test::text(generator.pick(2) == 0 ? "a" : "b"));
        table.add(row);
    }
    table.set_quiet_from(0);
}

rules::Expression parse(const std::string& text) {
    auto parsed = rules::parse_expression(text);
    REQUIRE(parsed.has_value());
    std::vector<rules::Mistake> mistakes;
    rules::resolve(*parsed, rules::Scope(TableId::destination), mistakes);
    REQUIRE(mistakes.empty());
    return *parsed;
}

} // namespace

TEST_CASE("an outlook never promises what a row does not keep") {
    Generator generator(20260801);
    int certain = 0;
    for (int round = 0; round < 20000; ++round) {
        test::QuietTable table(TableId::destination);
        fill_rows(generator, table);
        rules::Context context{&table, 0, nullptr, nullptr, {}};
        const bool yes_no = generator.pick(2) == 0;
        const std::string text = yes_no ? generator.truth(3) : generator.number(3);
        const rules::Expression expression = parse(text);
        const rules::Outlook outlook = rules::outlook(expression, context);
        certain += yes_no && !outlook.may_be_true ? 1 : 0;
        for (context.row = 0; context.row < table.size(); ++context.row) {
            const facts::Value value = rules::compute(expression, context);
            const bool kept = !value.known() ? outlook.may_be_missing
                              : value.is_boolean()
                                  ? (value.truth() ? outlook.may_be_true : outlook.may_be_false)
                                  : value.number() >= outlook.low && value.number() <= outlook.high;
            if (!kept) {
                FAIL_CHECK(text << " in row " << context.row);
            }
        }
    }
    CHECK(certain > 500); // else the property above would be empty
}

TEST_CASE("quiet rows that cannot alert are not looked at") {
    const rules::RuleSet rules = test::rules_of(R"(
[[rule]]
id = "when"
for_each = "destination"
when = "connections >= 100 or free < 50"
value = "used_percent"
warning = "70"
summary = "{remote}"
[[rule]]
id = "value"
for_each = "destination"
value = "used_percent"
warning = "70"
summary = "{remote}"
[[rule]]
id = "condition"
for_each = "destination"
condition = "used_percent > 70"
severity = "warning"
summary = "{remote}"
)");
    test::World world;
    test::QuietTable& table = world.table(TableId::destination);
    table.add(
        {{"connections", test::number(500)}, {"free", test::number(9)}, {"used_percent", test::number(99)}});
    for (int i = 0; i < 1000; ++i) {
        table.add({{"connections", test::number(1)},
                   {"free", test::number(28000)},
                   {"used_percent", test::number(1)}});
    }
    const auto reads_of = [&](std::size_t rule) {
        table.reads = 0;
        CHECK(rules::judge(rules.rules[rule], rules, world.facts).outcome.state == findings::State::warning);
        return table.reads;
    };
    for (std::size_t rule = 0; rule < 3; ++rule) {
        table.set_quiet_from(table.size());
        CHECK(reads_of(rule) > 1000);
        table.set_quiet_from(1);
        CHECK(reads_of(rule) < 20);
    }
}

TEST_CASE("quiet rows that may alert are judged") {
    const rules::RuleSet rules = test::rules_of(R"(
[[rule]]
id = "a"
for_each = "destination"
value = "used_percent"
warning = "70"
summary = "{remote}"
)");
    test::World world;
    test::QuietTable& table = world.table(TableId::destination);
    for (int i = 0; i < 10; ++i) {
        table.add({{"used_percent", test::number(i == 7 ? 80 : 1)}});
    }
    table.set_quiet_from(0);
    const rules::Verdict verdict = rules::judge(rules.rules[0], rules, world.facts);
    CHECK(verdict.outcome.state == findings::State::warning);
    CHECK(verdict.outcome.judged == 10);
}
