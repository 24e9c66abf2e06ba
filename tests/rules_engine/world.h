// A small world of facts for the tests of rules, and rules loaded from a text.
#pragma once

#include "rules/cases.h"
#include "rules/evaluate.h"
#include "rules/load.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using Row = std::vector<std::pair<std::string_view, facts::Value>>;

/// A table of literal rows that can promise bounds for the last of them.
class QuietTable : public rules::LiteralTable {
  public:
    using LiteralTable::LiteralTable;
    std::size_t quiet_from() const override { return quiet_from_.value_or(size()); }
    std::optional<facts::Bounds> quiet_bounds(std::size_t column) const override;

    void add(const Row& row);
    /// Rows from `row` on are quiet; their bounds are computed from the rows themselves.
    void set_quiet_from(std::size_t row) { quiet_from_ = row; }
    /// Counts every get(), to see what was looked at.
    facts::Value get(std::size_t row, std::size_t column) const override;
    mutable std::size_t reads = 0;

  private:
    std::optional<std::size_t> quiet_from_;
};

/// A host and one namespace, every table there and empty but for one row of host and namespace.
struct World {
    World();

    facts::Facts facts;
    QuietTable& table(facts::TableId which, std::size_t network_namespace = 0);
    QuietTable& host();
    void add_namespace(const std::string& label);
};

facts::Value number(double value);
facts::Value inferred(double value);
facts::Value text(std::string value);
facts::Value truth(bool value);
facts::Value missing(base::Why why);

/// Rules from one text; the test fails if there is anything wrong with it.
rules::RuleSet rules_of(std::string_view text);

} // namespace test
