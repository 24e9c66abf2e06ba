// A fact table over rows that are already made: each column is one getter. The getters must stand in the
// order of the schema, which is checked when the program is compiled.
#pragma once

#include "base/result.h"
#include "facts/schema.h"
#include "facts/table.h"
#include "history/samples.h"
#include "model/derive.h"
#include "model/destinations.h"
#include "model/rates.h"
#include "snapshot/host.h"

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace model {

template <typename Row>
struct Getter {
    std::string_view name;
    facts::Value (*get)(const Row&);
};

template <typename Row, std::size_t columns>
constexpr bool follows(const std::array<facts::Column, columns>& schema,
                       const std::array<Getter<Row>, columns>& getters) {
    for (std::size_t i = 0; i < columns; ++i) {
        if (schema[i].name != getters[i].name) {
            return false;
        }
    }
    return true;
}

template <typename Row>
class RowTable : public facts::Table {
  public:
    RowTable(facts::TableId id, std::vector<Row> rows, std::span<const Getter<Row>> getters,
             std::optional<base::Gap> incomplete)
        : id_(id), rows_(std::move(rows)), getters_(getters), incomplete_(std::move(incomplete)) {}

    const facts::Schema& schema() const override { return facts::schema(id_); }
    std::size_t size() const override { return rows_.size(); }
    facts::Value get(std::size_t row, std::size_t column) const override {
        return getters_[column].get(rows_[row]);
    }
    std::optional<base::Gap> incomplete() const override { return incomplete_; }

  private:
    facts::TableId id_;
    std::vector<Row> rows_;
    std::span<const Getter<Row>> getters_;
    std::optional<base::Gap> incomplete_;
};

/// One row whose values are worked out once: rules ask for them again for each row of other tables.
template <typename Row>
class SingleRowTable : public RowTable<Row> {
  public:
    SingleRowTable(facts::TableId id, Row row, std::span<const Getter<Row>> getters)
        : RowTable<Row>(id, {std::move(row)}, getters, std::nullopt), values_(getters.size()) {}

    facts::Value get(std::size_t row, std::size_t column) const override {
        std::optional<facts::Value>& value = values_[column];
        if (!value) {
            value.emplace(RowTable<Row>::get(row, column));
        }
        return *value;
    }

  private:
    mutable std::vector<std::optional<facts::Value>> values_;
};

/// A number that the kernel gave, or the reason why not.
template <typename T>
facts::Value value_of(const base::Result<T, base::Gap>& reading) {
    return reading ? facts::Value(static_cast<double>(*reading)) : facts::Value(reading.error());
}

/// 100 x part / whole; missing if either is, or if the whole is 0.
template <typename P, typename W>
facts::Value percent_of(const base::Result<P, base::Gap>& part, const base::Result<W, base::Gap>& whole) {
    if (!part) {
        return part.error();
    }
    if (!whole) {
        return whole.error();
    }
    if (*whole <= 0) {
        return base::Gap{"a percentage", base::Why::failed, "its limit is 0"};
    }
    return 100 * static_cast<double>(*part) / static_cast<double>(*whole);
}

// The tables that need no shared arithmetic, one function each.

/// What earlier runs tell about one namespace.
struct Earlier {
    Rates rates;
    Growth growth;                               // of the last minutes
    Growth leak;                                 // of the last hour
    std::optional<double> uptime = std::nullopt; // of the host, in seconds
};

std::unique_ptr<facts::Table> host_table(const snapshot::Host& host, const Assumptions& assumed);
std::unique_ptr<facts::Table> netns_table(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                                          std::shared_ptr<const PortModel> ports, const Earlier& earlier,
                                          const Expectation& expected);
std::unique_ptr<facts::Table> source_table(const std::shared_ptr<const PortModel>& ports);
std::unique_ptr<facts::Table> listener_table(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                                             const std::shared_ptr<const PortModel>& ports);
std::unique_ptr<facts::Table> close_wait_table(const snapshot::Netns& netns, const Growth& growth);
/// Empty and incomplete if nobody asked, or conntrack may not be read.
std::unique_ptr<facts::Table> nat_table(const snapshot::Netns& netns);
std::unique_ptr<facts::Table> sysctl_table(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls);

/// Accept queue as a share of its limit. A listen(0) socket takes one connection: above 100 the queue is
/// full.
double queue_percent(const snapshot::Listener& listener);
/// Why nothing about backlogs is known when the sockets came from /proc.
base::Gap unknown_backlog();

/// A text that is empty if there is none.
inline facts::Value text_or_none(std::string_view what, const std::string& text) {
    return text.empty() ? facts::Value(base::Gap{std::string(what), base::Why::absent, "none is known"})
                        : facts::Value(text);
}

/// A count as a fact.
inline facts::Value number(std::uint32_t value) {
    return static_cast<double>(value);
}

} // namespace model
