// Named, typed, documented tables of values. Tables are lazy: a value is computed when somebody asks for it.
#pragma once

#include "facts/value.h"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace facts {

struct Column {
    std::string_view name;
    Type type = Type::number;
    std::string_view unit; // "%", "s", "ports", "per second"; empty for none
    std::string_view sentence;
};

enum class TableId { host, network_namespace, destination, source, listener, close_wait, sysctl };
constexpr std::size_t table_count = 7;

struct Schema {
    TableId id = TableId::host;
    std::string_view name; // as `for_each` writes it
    std::string_view sentence;
    std::span<const Column> columns;
    std::span<const std::string_view> subject; // columns that tell one row from another, in order

    /// The number of the column, or none.
    std::optional<std::size_t> find(std::string_view column) const;
};

/// Inclusive limits of a numeric column.
struct Bounds {
    double low = 0;
    double high = 0;
};

class Table {
  public:
    Table() = default;
    virtual ~Table() = default;
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    virtual const Schema& schema() const = 0;
    virtual std::size_t size() const = 0;
    virtual Value get(std::size_t row, std::size_t column) const = 0;

    /// Rows from this one on are quiet: each lies within quiet_bounds. A condition that cannot hold within
    /// the bounds need not be tried on them one by one.
    virtual std::size_t quiet_from() const { return size(); }
    /// None: nothing is promised about this column.
    virtual std::optional<Bounds> quiet_bounds(std::size_t /*column*/) const { return std::nullopt; }

    /// Rows are missing, and why: a rule over this table cannot be OK.
    virtual std::optional<base::Gap> incomplete() const { return std::nullopt; }
};

/// The facts of one network namespace. `tables[TableId::host]` is not used here.
struct NamespaceFacts {
    std::string label;
    std::uint64_t id = 0;
    std::array<std::unique_ptr<Table>, table_count> tables;

    const Table& table(TableId which) const { return *tables[static_cast<std::size_t>(which)]; }
};

struct Facts {
    std::unique_ptr<Table> host;
    std::vector<NamespaceFacts> namespaces;
    std::vector<base::Gap> gaps; // of the whole snapshot, for the report
};

} // namespace facts
