// Reads the expressions and placeholders of one rule: everything that uses the names of facts and parameters.
// Keeps account of which parameters are used.
#pragma once

#include "rules/document.h"
#include "rules/placeholders.h"
#include "rules/resolve.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rules {

/// `excused`: the parameter itself is wrong, so that it need not be used.
enum class Use { open, excused };

class ScopedReader {
  public:
    explicit ScopedReader(Reporter& reporter) : reporter_(reporter) {}

    void set_table(facts::TableId table) { scope_.emplace(table); }
    void add_parameter(const NodeKey& key, facts::Type type, Use use);

    /// From here on `alerting_runs` and `alerting_for` have a meaning, or no longer.
    void set_alerting(bool alerting) {
        if (scope_) {
            scope_->set_alerting(alerting);
        }
    }

    /// Null as long as the table is not known: then names cannot be checked, only syntax.
    const Scope* scope() const { return scope_ ? &*scope_ : nullptr; }

    /// The expression under a key, resolved; empty if there is none or it is wrong, which is reported.
    Expression expression(const TableReader& keys, std::string_view name, facts::Type wanted);
    /// The text with placeholders under a key; empty if there is none or it is wrong, which is reported.
    Template placeholders(const TableReader& keys, std::string_view name);
    Template placeholders(const Node& node);

    /// Reports a mistake at its place within a text.
    void report(const Node& node, const ExpressionError& mistake);
    void report_unused_parameters();

  private:
    void note_references(const Expression& expression);
    void note_use(const Reference& reference);
    /// A misspelt parameter is one mistake: it must not be called unused as well.
    void note_words(std::string_view wrong);

    Reporter& reporter_;
    std::optional<Scope> scope_;
    std::vector<std::pair<NodeKey, bool>> used_; // parameters
};

/// A number, text or boolean; none for anything else.
std::optional<facts::Value> read_value(const Node& node);

/// The type of a known value.
facts::Type type_of(const facts::Value& value);

} // namespace rules
