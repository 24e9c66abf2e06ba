// Named, typed, documented tables of values, and one value of them: a number, a text or a boolean with how it
// is known, or the reason why it is missing. Tables are lazy: a value is computed when somebody asks for it.
#pragma once

#include "base/gap.h"

#include <array>
#include <bitset>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace facts {

enum class Type { number, text, boolean };

/// `inferred`: follows from an assumption that the documentation of the fact names; `at_least`: counted in
/// what may be a part.
enum class Basis { measured, inferred, at_least };

/// Small, because rules ask for values by the hundred thousand: a text or a reason lies elsewhere.
class Value {
  public:
    template <typename Number>
    requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
        Value(Number number, Basis basis = Basis::measured)
        : number_(static_cast<double>(number)), kind_(Kind::number), basis_(basis) {}
    template <typename Truth>
    requires std::is_same_v<Truth, bool> Value(Truth truth, Basis basis = Basis::measured)
        : number_(truth ? 1 : 0), kind_(Kind::truth), basis_(basis) {}
    Value(std::string text, Basis basis = Basis::measured)
        : text_(std::make_shared<const std::string>(std::move(text))), kind_(Kind::text), basis_(basis) {}
    Value(base::Gap missing) : gap_(std::make_shared<const base::Gap>(std::move(missing))) {}

    bool known() const { return kind_ != Kind::missing; }
    bool is_number() const { return kind_ == Kind::number; }
    bool is_text() const { return kind_ == Kind::text; }
    bool is_boolean() const { return kind_ == Kind::truth; }

    double number() const {
        assert(is_number());
        return number_;
    }
    const std::string& text() const {
        assert(is_text());
        return *text_;
    }
    bool truth() const {
        assert(is_boolean());
        return number_ != 0;
    }
    const base::Gap& gap() const {
        assert(!known());
        return *gap_;
    }
    Basis basis() const { return basis_; }

  private:
    enum class Kind : std::uint8_t { missing, number, text, truth };

    std::shared_ptr<const std::string> text_;
    std::shared_ptr<const base::Gap> gap_;
    double number_ = 0;
    Kind kind_ = Kind::missing;
    Basis basis_ = Basis::measured;
};

/// What must be collected before a fact is known, beyond what every run collects.
enum class Collection {
    usual,
    fixed_listeners,
    bound_sockets,
    boot_sysctls,
    owners,
    waits,
    acceptors,
    idle,
    nat
};

struct Column {
    std::string_view name;
    Type type = Type::number;
    std::string_view unit; // "%", "s", "ports", "per second"; empty for none
    std::string_view sentence;
    std::string_view plain = {}; // what a person calls it; empty: the name says it
    /// How it follows from other facts that its row sees, as an expression; empty if it is no such
    /// arithmetic.
    std::string_view formula = {};
    Collection needs = Collection::usual;
};

enum class TableId { host, netns, destination, source, listener, close_wait, sysctl, nat };
constexpr std::size_t table_count = 8;

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

/// Columns of one table, by their numbers.
using ColumnSet = std::bitset<128>;

class Table {
  public:
    Table() = default;
    virtual ~Table() = default;
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    virtual const Schema& schema() const = 0;
    virtual std::size_t size() const = 0;
    virtual Value get(std::size_t row, std::size_t column) const = 0;

    /// Bytes that are the same for rows of which each of `kind_columns()` is the same; empty if that is not
    /// known. Valid until the next call.
    virtual std::string_view kind(std::size_t /*row*/) const { return {}; }
    virtual ColumnSet kind_columns() const { return {}; }

    /// Rows are missing, and why: a rule over this table cannot be OK.
    virtual std::optional<base::Gap> incomplete() const { return std::nullopt; }
};

/// The facts of one network namespace. `tables[TableId::host]` is not used here, and
/// that of NAT is null where nobody asked.
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
