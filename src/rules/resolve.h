// What the names of an expression mean, and whether its types fit: everything that can be known before there
// are facts.
#pragma once

#include "facts/table.h"
#include "rules/expression.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

/// The names that a rule over one table can use: row, then namespace, then host, then parameters.
class Scope {
  public:
    explicit Scope(facts::TableId row) : row_(row) {}

    void add_parameter(std::string name, facts::Type type) { parameters_.push_back({std::move(name), type}); }
    /// `alerting_runs` and `alerting_for` have a meaning only where something alerts already.
    void set_alerting(bool alerting) { alerting_ = alerting; }

    /// NAME, or `namespace.NAME` or `host.NAME`.
    std::optional<Reference> find(std::string_view name) const;
    /// Everything that find() knows by its plain name, for suggestions.
    std::vector<std::string> names() const;

    const facts::Schema& row_schema() const;
    /// The name as it was written in the schema or by the parameter.
    std::string name_of(const Reference& reference) const;
    /// The unit of a fact; empty for parameters.
    std::string_view unit_of(const Reference& reference) const;

  private:
    struct Parameter {
        std::string name;
        facts::Type type;
    };
    std::optional<Reference> find_in(Reference::Where where, std::string_view name) const;

    facts::TableId row_;
    std::vector<Parameter> parameters_;
    bool alerting_ = false;
};

/// The table that a reference of a rule over `row` reads; none for a parameter or the
/// past.
std::optional<facts::TableId> table_of(Reference::Where where, facts::TableId row);

/// "unknown fact 'x', did you mean 'y'?" at the given place.
ExpressionError unknown_name(std::string_view name, std::size_t offset, const Scope& scope);

/// Gives every name its meaning and checks all types; what is wrong is added to `mistakes`. The type of the
/// whole, if it is right.
std::optional<facts::Type> resolve(Expression& expression, const Scope& scope,
                                   std::vector<ExpressionError>& mistakes);

/// "a number", "a text" or "yes or no".
std::string_view describe(facts::Type type);

} // namespace rules
