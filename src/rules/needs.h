// Which facts the active rules read, so that nothing else need be collected.
#pragma once

#include "facts/table.h"
#include "rules/rule.h"

#include <array>
#include <bitset>
#include <string_view>

namespace rules {

class Needs {
  public:
    bool has(facts::TableId table, std::string_view column) const;
    /// Any fact of the table, or its rows.
    bool has(facts::TableId table) const { return tables_.test(static_cast<std::size_t>(table)); }

    void add(facts::TableId table) { tables_.set(static_cast<std::size_t>(table)); }
    void add(facts::TableId table, std::size_t column);

  private:
    std::bitset<facts::table_count> tables_;
    static constexpr std::size_t most_columns = 128;
    std::array<std::bitset<most_columns>, facts::table_count> columns_;
};

/// What judging reads, and what the texts of a finding would read.
Needs needs(const RuleSet& rules);

} // namespace rules
