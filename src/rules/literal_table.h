// A fact table that holds exactly the values that were put into it: for rule tests.
#pragma once

#include "facts/table.h"

#include <vector>

namespace rules {

class LiteralTable : public facts::Table {
  public:
    explicit LiteralTable(facts::TableId which);

    const facts::Schema& schema() const override { return schema_; }
    std::size_t size() const override { return rows_.size(); }
    facts::Value get(std::size_t row, std::size_t column) const override { return rows_[row][column]; }
    std::optional<base::Gap> incomplete() const override { return incomplete_; }

    /// Adds a row whose facts are all absent by design.
    void add_row();
    /// Sets a fact of the last row; false if the table has no such fact.
    bool set(std::string_view column, facts::Value value);
    void set_incomplete(base::Gap gap) { incomplete_ = std::move(gap); }

  private:
    const facts::Schema& schema_;
    std::vector<std::vector<facts::Value>> rows_;
    std::optional<base::Gap> incomplete_;
};

} // namespace rules
