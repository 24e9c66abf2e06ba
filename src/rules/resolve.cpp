#include "rules/resolve.h"

#include "base/text.h"
#include "facts/schema.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {
namespace {

using facts::TableId;
using facts::Type;
using Where = Reference::Where;

constexpr std::string_view netns_prefix = "namespace.";
constexpr std::string_view host_prefix = "host.";
constexpr auto past_names = std::to_array<std::string_view>({"alerting_runs", "alerting_for"});

/// Checks one tree; nodes come with their operands first, so one pass from left to right is enough.
class Checker {
  public:
    Checker(Expression& expression, const Scope& scope, std::vector<ExpressionError>& mistakes)
        : expression_(expression), scope_(scope), mistakes_(mistakes), types_(expression.nodes.size()) {}

    std::optional<Type> run() {
        for (std::size_t i = 0; i < expression_.nodes.size(); ++i) {
            types_[i] = type_of(expression_.nodes[i]);
        }
        return types_.back();
    }

  private:
    std::optional<Type> type_of(ExpressionNode& node) {
        switch (node.op) {
        case Op::number:
            return Type::number;
        case Op::text:
            return Type::text;
        case Op::truth:
            return Type::boolean;
        case Op::name:
            return type_of_name(node);
        case Op::negate:
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::divide:
        case Op::modulo:
        case Op::minimum:
        case Op::maximum:
        case Op::absolute:
            return all(node, Type::number, Type::number);
        case Op::less:
        case Op::less_equal:
        case Op::greater:
        case Op::greater_equal:
            return all(node, Type::number, Type::boolean);
        case Op::logical_and:
        case Op::logical_or:
        case Op::logical_not:
            return all(node, Type::boolean, Type::boolean);
        case Op::equal:
        case Op::not_equal:
        case Op::in:
            return same(node, 0, Type::boolean);
        case Op::choose:
            wants(expression_.operands_of(node)[0], Type::boolean);
            return same(node, 1, std::nullopt);
        case Op::known:
            return Type::boolean;
        }
        return std::nullopt;
    }

    std::optional<Type> type_of_name(ExpressionNode& node) {
        const std::string_view name = expression_.text_of(node);
        const auto found = scope_.find(name);
        if (!found) {
            mistakes_.push_back(unknown_name(name, node.offset, scope_));
            return std::nullopt;
        }
        node.reference = *found;
        return found->type;
    }

    void wants(std::size_t operand, Type wanted) {
        const auto type = types_[operand];
        if (!type || *type == wanted) {
            return;
        }
        const ExpressionNode& node = expression_.nodes[operand];
        const std::string advice = wanted == Type::boolean
                                       ? "compare it with something: '... > 0', '... == ...'"
                                   : *type == Type::boolean ? "use if(condition, 1, 0) to count it"
                                                            : "texts can be compared with ==, != and in";
        mistakes_.push_back({node.offset, node.length,
                             fmt::format("this must be {}, '{}' is {}", describe(wanted),
                                         expression_.text_of(node), describe(*type)),
                             advice});
    }

    Type all(const ExpressionNode& node, Type wanted, Type result) {
        for (const std::uint16_t operand : expression_.operands_of(node)) {
            wants(operand, wanted);
        }
        return result;
    }

    /// All operands from number `first` on must have one type, which is the result unless `result` is given.
    std::optional<Type> same(const ExpressionNode& node, std::size_t first, std::optional<Type> result) {
        std::optional<std::size_t> model;
        for (const std::uint16_t operand : expression_.operands_of(node).subspan(first)) {
            if (!types_[operand]) {
                continue;
            }
            if (!model) {
                model = operand;
            } else if (types_[operand] != types_[*model]) {
                report_different(expression_.nodes[operand], *types_[operand], expression_.nodes[*model],
                                 *types_[*model]);
            }
        }
        return result ? result : model ? types_[*model] : std::nullopt;
    }

    void report_different(const ExpressionNode& node, Type type, const ExpressionNode& other,
                          Type other_type) {
        mistakes_.push_back({node.offset, node.length,
                             fmt::format("'{}' is {}, but '{}' is {}", expression_.text_of(node),
                                         describe(type), expression_.text_of(other), describe(other_type)),
                             "both must be of one kind; texts stand in quotes, numbers do not"});
    }

    Expression& expression_;
    const Scope& scope_;
    std::vector<ExpressionError>& mistakes_;
    std::vector<std::optional<Type>> types_;
};

} // namespace

std::optional<TableId> table_of(Where where, TableId row) {
    switch (where) {
    case Where::row:
        return row;
    case Where::netns:
        return TableId::netns;
    case Where::host:
        return TableId::host;
    case Where::parameter:
    case Where::past:
        return std::nullopt;
    }
    return std::nullopt;
}

const facts::Schema& Scope::row_schema() const {
    return facts::schema(row_);
}

std::optional<Reference> Scope::find_in(Where where, std::string_view name) const {
    const facts::Schema& schema = facts::schema(*table_of(where, row_));
    const auto column = schema.find(name);
    if (!column) {
        return std::nullopt;
    }
    return Reference{where, static_cast<std::uint16_t>(*column), schema.columns[*column].type};
}

std::optional<Reference> Scope::find(std::string_view name) const {
    const bool host_only = row_ == TableId::host;
    const bool netns_row = row_ == TableId::netns;
    if (name.starts_with(netns_prefix) && !host_only) {
        return find_in(netns_row ? Where::row : Where::netns, name.substr(netns_prefix.size()));
    }
    if (name.starts_with(host_prefix)) {
        return find_in(host_only ? Where::row : Where::host, name.substr(host_prefix.size()));
    }
    if (const auto past = std::find(past_names.begin(), past_names.end(), name);
        alerting_ && past != past_names.end()) {
        return Reference{Where::past, static_cast<std::uint16_t>(past - past_names.begin()), Type::number};
    }
    auto found = find_in(Where::row, name);
    if (!found && !host_only && !netns_row) {
        found = find_in(Where::netns, name);
    }
    if (!found && !host_only) {
        found = find_in(Where::host, name);
    }
    for (std::size_t i = 0; !found && i < parameters_.size(); ++i) {
        if (parameters_[i].name == name) {
            found = Reference{Where::parameter, static_cast<std::uint16_t>(i), parameters_[i].type};
        }
    }
    return found;
}

std::vector<std::string> Scope::names() const {
    std::vector<std::string> all;
    for (const Parameter& parameter : parameters_) {
        all.push_back(parameter.name);
    }
    const auto add = [&](TableId table) {
        for (const facts::Column& column : facts::schema(table).columns) {
            all.emplace_back(column.name);
        }
    };
    if (alerting_) {
        all.insert(all.end(), past_names.begin(), past_names.end());
    }
    add(row_);
    if (row_ != TableId::host) {
        add(TableId::netns);
        add(TableId::host);
    }
    return all;
}

std::string Scope::name_of(const Reference& reference) const {
    if (reference.where == Where::past) {
        return std::string(past_names[reference.index]);
    }
    const auto table = table_of(reference.where, row_);
    return table ? std::string(facts::schema(*table).columns[reference.index].name)
                 : parameters_[reference.index].name;
}

std::string_view Scope::unit_of(const Reference& reference) const {
    const auto table = table_of(reference.where, row_);
    return table ? facts::schema(*table).columns[reference.index].unit : std::string_view();
}

ExpressionError unknown_name(std::string_view name, std::size_t offset, const Scope& scope) {
    const std::string safe = base::printable(name);
    if (std::find(past_names.begin(), past_names.end(), name) != past_names.end()) {
        return {offset, name.size(), fmt::format("'{}' is known only where something alerts already", safe),
                "use it in warning_when or critical_when"};
    }
    for (const facts::Schema& other : facts::schemas()) {
        if (other.find(name)) {
            return {offset, name.size(),
                    fmt::format("'{}' is a fact of '{}', which a rule for each {} does not see", safe,
                                other.name, scope.row_schema().name),
                    fmt::format("use for_each = \"{}\", or another fact", other.name)};
        }
    }
    return {offset, name.size(),
            fmt::format("unknown fact '{}'{}", safe, base::did_you_mean(name, scope.names())),
            "tcpadvisor-facts(7) lists the facts of each table; other names must be parameters of the rule"};
}

std::optional<Type> resolve(Expression& expression, const Scope& scope,
                            std::vector<ExpressionError>& mistakes) {
    return Checker(expression, scope, mistakes).run();
}

std::string_view describe(Type type) {
    switch (type) {
    case Type::number:
        return "a number";
    case Type::text:
        return "a text";
    case Type::boolean:
        return "yes or no";
    }
    return "a value";
}

} // namespace rules
