#include "rules/literal_table.h"

#include "facts/schema.h"

namespace rules {

LiteralTable::LiteralTable(facts::TableId which) : schema_(facts::schema(which)) {}

void LiteralTable::add_row() {
    std::vector<facts::Value>& row = rows_.emplace_back();
    for (const facts::Column& column : schema_.columns) {
        row.emplace_back(base::Gap{std::string(column.name), base::Why::absent, ""});
    }
}

bool LiteralTable::set(std::string_view column, facts::Value value) {
    const auto number = schema_.find(column);
    if (number) {
        rows_.back()[*number] = std::move(value);
    }
    return number.has_value();
}

} // namespace rules
