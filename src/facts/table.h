// Named, typed, documented tables of values, and one value of them: a number, a text or a boolean with how it
// is known, or the reason why it is missing. Tables are lazy: a value is computed when somebody asks for it.
#pragma once

#include "base/gap.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace facts {

enum class Type { number, text, boolean };

/// `inferred`: follows from an assumption that the documentation of the fact names.
enum class Basis { measured, inferred };

class Value {
  public:
    template <typename Number>
    requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
        Value(Number number, Basis basis = Basis::measured)
        : content_(static_cast<double>(number)), basis_(basis) {}
    template <typename Truth>
    requires std::is_same_v<Truth, bool> Value(Truth truth, Basis basis = Basis::measured)
        : content_(truth), basis_(basis) {}
    Value(std::string text, Basis basis = Basis::measured) : content_(std::move(text)), basis_(basis) {}
    Value(base::Gap missing) : content_(std::move(missing)) {}

    bool known() const { return !std::holds_alternative<base::Gap>(content_); }
    bool is_number() const { return std::holds_alternative<double>(content_); }
    bool is_text() const { return std::holds_alternative<std::string>(content_); }
    bool is_boolean() const { return std::holds_alternative<bool>(content_); }

    double number() const { return get<double>(); }
    const std::string& text() const { return get<std::string>(); }
    bool truth() const { return get<bool>(); }
    const base::Gap& gap() const { return get<base::Gap>(); }
    Basis basis() const { return basis_; }

  private:
    template <typename T>
    const T& get() const {
        const T* content = std::get_if<T>(&content_);
        assert(content != nullptr);
        return *content;
    }
    std::variant<base::Gap, bool, double, std::string> content_;
    Basis basis_ = Basis::measured;
};

/// What must be collected before a fact is known, beyond what every run collects.
enum class Collection { usual, fixed_listeners, bound_sockets, boot_sysctls, owners };

struct Column {
    std::string_view name;
    Type type = Type::number;
    std::string_view unit; // "%", "s", "ports", "per second"; empty for none
    std::string_view sentence;
    /// How it follows from other facts that its row sees, as an expression; empty if it is no such
    /// arithmetic.
    std::string_view formula = {};
    Collection needs = Collection::usual;
};

enum class TableId { host, netns, destination, source, listener, close_wait, sysctl };
constexpr std::size_t table_count = 7;

struct Schema {
    TableId id = TableId::host;
    std::string_view name; // as `for_each` writes it
    std::string_view sentence;
    std::span<const Column> columns;
    std::span<const std::string_view> subject; // columns that tell one row from another, in order
    Collection needs = Collection::usual;      // what its rows are made of

    /// The number of the column, or none.
    std::optional<std::size_t> find(std::string_view column) const;
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

    /// Rows are missing, and why: a rule over this table cannot be OK.
    virtual std::optional<base::Gap> incomplete() const { return std::nullopt; }
};

/// The facts of one network namespace. `tables[TableId::host]` is not used here.
struct NetnsFacts {
    std::string label;
    std::uint64_t id = 0;
    std::string path; // of the namespace file; empty: that of whoever runs the program
    std::array<std::unique_ptr<Table>, table_count> tables;

    const Table& table(TableId which) const { return *tables[static_cast<std::size_t>(which)]; }
};

struct Facts {
    std::unique_ptr<Table> host;
    bool sysctls_are_read_only = false; // where the program runs
    std::vector<NetnsFacts> namespaces;
    std::vector<base::Gap> gaps; // of the whole snapshot, for the report
};

} // namespace facts
