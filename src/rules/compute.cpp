#include "rules/compute.h"

#include "base/text.h"
#include "rules/placeholders.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rules {
namespace {

using facts::Basis;
using facts::Value;

Basis weaker(Basis a, Basis b) {
    return a == Basis::inferred ? a : b;
}

int gravity(base::Why why) {
    return why == base::Why::absent ? 0 : why == base::Why::not_collected ? 1 : 2;
}

/// The graver of two missing values, or the one that is missing.
Value missing_of(Value a, Value b) {
    if (a.known()) {
        return b;
    }
    if (b.known()) {
        return a;
    }
    return gravity(b.gap().why) > gravity(a.gap().why) ? b : a;
}

class Computation {
  public:
    Computation(const Expression& expression, const Context& context)
        : expression_(expression), context_(context) {}

    Value value(std::size_t index) const {
        const ExpressionNode& node = expression_.nodes[index];
        switch (node.op) {
        case Op::number:
            return node.number;
        case Op::text:
            return std::string(expression_.text_of(node));
        case Op::truth:
            return node.truth;
        case Op::name:
            return look_up(node.reference, context_);
        case Op::negate:
        case Op::absolute:
            return one_number(node);
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::divide:
        case Op::modulo:
        case Op::less:
        case Op::less_equal:
        case Op::greater:
        case Op::greater_equal:
            return two_numbers(node);
        case Op::equal:
        case Op::not_equal:
            return equality(node);
        case Op::in:
            return membership(node);
        case Op::logical_not:
            return negation(node);
        case Op::logical_and:
        case Op::logical_or:
            return logic(node);
        case Op::choose:
            return choice(node);
        case Op::known:
            return operand(node, 0).known();
        case Op::minimum:
        case Op::maximum:
            return extreme(node);
        }
        return Value(base::Gap{expression_.text, base::Why::failed, "not an expression"});
    }

  private:
    Value operand(const ExpressionNode& node, std::size_t number) const {
        return value(expression_.operands[node.first + number]);
    }

    Value one_number(const ExpressionNode& node) const {
        const Value v = operand(node, 0);
        if (!v.known()) {
            return v;
        }
        return {node.op == Op::negate ? -v.number() : std::fabs(v.number()), v.basis()};
    }

    Value two_numbers(const ExpressionNode& node) const {
        const Value a = operand(node, 0);
        const Value b = operand(node, 1);
        if (!a.known() || !b.known()) {
            return missing_of(a, b);
        }
        const double x = a.number();
        const double y = b.number();
        const Basis basis = weaker(a.basis(), b.basis());
        switch (node.op) {
        case Op::less:
            return {x < y, basis};
        case Op::less_equal:
            return {x <= y, basis};
        case Op::greater:
            return {x > y, basis};
        case Op::greater_equal:
            return {x >= y, basis};
        default:
            return arithmetic(node, x, y, basis);
        }
    }

    Value arithmetic(const ExpressionNode& node, double x, double y, Basis basis) const {
        const bool divides = node.op == Op::divide || node.op == Op::modulo;
        if (divides && y == 0) {
            return nothing(node, "division by zero");
        }
        const double result = node.op == Op::add        ? x + y
                              : node.op == Op::subtract ? x - y
                              : node.op == Op::multiply ? x * y
                              : node.op == Op::divide   ? x / y
                                                        : std::fmod(x, y);
        return std::isfinite(result) ? Value(result, basis) : nothing(node, "not a finite number");
    }

    Value nothing(const ExpressionNode& node, const char* reason) const {
        return base::Gap{std::string(expression_.text_of(node)), base::Why::absent, reason};
    }

    static Value equals(const Value& a, const Value& b) {
        if (!a.known() || !b.known()) {
            return missing_of(a, b);
        }
        const Basis basis = weaker(a.basis(), b.basis());
        if (a.is_number()) {
            return {a.number() == b.number(), basis};
        }
        return a.is_text() ? Value(a.text() == b.text(), basis) : Value(a.truth() == b.truth(), basis);
    }

    Value equality(const ExpressionNode& node) const {
        Value same = equals(operand(node, 0), operand(node, 1));
        return same.known() && node.op == Op::not_equal ? Value(!same.truth(), same.basis()) : same;
    }

    /// x == a or x == b or ...
    Value membership(const ExpressionNode& node) const {
        const Value x = operand(node, 0);
        Value found(false);
        for (std::size_t i = 1; i < node.count; ++i) {
            found = either(found, equals(x, operand(node, i)), true);
            if (found.known() && found.truth()) {
                break;
            }
        }
        return found;
    }

    Value negation(const ExpressionNode& node) const {
        const Value v = operand(node, 0);
        return v.known() ? Value(!v.truth(), v.basis()) : v;
    }

    /// `decisive` decides alone: true for `or`, false for `and`.
    static Value either(const Value& a, const Value& b, bool decisive) {
        if (a.known() && a.truth() == decisive) {
            return a;
        }
        if (b.known() && b.truth() == decisive) {
            return b;
        }
        return a.known() && b.known() ? Value(!decisive, weaker(a.basis(), b.basis())) : missing_of(a, b);
    }

    Value logic(const ExpressionNode& node) const {
        const bool decisive = node.op == Op::logical_or;
        const Value a = operand(node, 0);
        if (a.known() && a.truth() == decisive) {
            return a;
        }
        return either(a, operand(node, 1), decisive);
    }

    Value choice(const ExpressionNode& node) const {
        const Value condition = operand(node, 0);
        return condition.known() ? operand(node, condition.truth() ? 1 : 2) : condition;
    }

    Value extreme(const ExpressionNode& node) const {
        Value best = operand(node, 0);
        for (std::size_t i = 1; i < node.count; ++i) {
            const Value next = operand(node, i);
            if (!best.known() || !next.known()) {
                best = missing_of(best, next);
                continue;
            }
            const bool minimum = node.op == Op::minimum;
            const double number =
                minimum ? std::min(best.number(), next.number()) : std::max(best.number(), next.number());
            best = Value(number, weaker(best.basis(), next.basis()));
        }
        return best;
    }

    const Expression& expression_;
    const Context& context_;
};

bool has_type(const Value& value, facts::Type type) {
    switch (type) {
    case facts::Type::number:
        return value.is_number() && std::isfinite(value.number());
    case facts::Type::text:
        return value.is_text();
    case facts::Type::boolean:
        return value.is_boolean();
    }
    return false;
}

} // namespace

Value look_up(const Reference& reference, const Context& context) {
    if (reference.where == Reference::Where::parameter) {
        return context.parameters[reference.index];
    }
    if (reference.where == Reference::Where::past) {
        return reference.index == 0 ? context.alerting_runs : context.alerting_for;
    }
    const facts::Table* table = reference.where == Reference::Where::row ? context.row_table
                                : reference.where == Reference::Where::network_namespace
                                    ? context.network_namespace
                                    : context.host;
    const std::size_t row = reference.where == Reference::Where::row ? context.row : 0;
    if (table == nullptr || row >= table->size()) {
        return base::Gap{"a table of facts", base::Why::not_collected, ""};
    }
    Value value = table->get(row, reference.index);
    if (value.known() && !has_type(value, reference.type)) {
        return base::Gap{std::string(table->schema().columns[reference.index].name), base::Why::failed,
                         "the value makes no sense"};
    }
    return value;
}

Value compute(const Expression& expression, const Context& context) {
    return Computation(expression, context).value(expression.root());
}

std::uint64_t subject_of(const Context& context) {
    base::Fingerprint print;
    const facts::Schema& schema = context.row_table->schema();
    for (const std::string_view column : schema.subject) {
        if (const auto number = schema.find(column)) {
            print.add(to_text(context.row_table->get(context.row, *number)));
        }
    }
    return print.value();
}

bool is_harmful(const base::Gap& gap) {
    return gravity(gap.why) == 2;
}

} // namespace rules
