// A small world of facts for the tests of rules, and rules loaded from a text.
#pragma once

#include "rules/cases.h"
#include "rules/evaluate.h"
#include "rules/load.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using Row = std::vector<std::pair<std::string_view, facts::Value>>;

/// A table of literal rows.
class WorldTable : public rules::LiteralTable {
  public:
    using LiteralTable::LiteralTable;
    void add(const Row& row);
};

/// A host and one namespace, every table there and empty but for one row of host and namespace.
struct World {
    World();

    facts::Facts facts;
    WorldTable& table(facts::TableId which, std::size_t netns = 0);
    WorldTable& host();
    void add_netns(const std::string& label);
};

facts::Value number(double value);
facts::Value inferred(double value);
facts::Value text(std::string value);
facts::Value truth(bool value);
facts::Value missing(base::Why why);

/// Rules from one text; the test fails if there is anything wrong with it.
rules::RuleSet rules_of(std::string_view text);

} // namespace test
