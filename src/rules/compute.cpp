#include "rules/compute.h"

#include "base/text.h"
#include "rules/placeholders.h"

#include <algorithm>
#include <cmath>
#include <forward_list>
#include <string>
#include <string_view>

namespace rules {
namespace {

using facts::Basis;
using facts::Value;

Basis weaker(Basis a, Basis b) {
    return std::max(a, b);
}

int gravity(base::Why why) {
    return why == base::Why::absent ? 0 : why == base::Why::not_collected ? 1 : 2;
}

/// What a node comes to. A rule may ask for it on each of 100 000 rows: it allocates nothing, refers to
/// texts, and of a missing value knows the node whose gap tells more.
struct Computed {
    enum class Kind : std::uint8_t { missing, number, text, truth };
    Kind kind;
    Basis basis;
    base::Why why;              // of a missing one
    double number;              // 1 and 0 of a truth
    std::string_view text;      // of a missing one the reason; empty if the gap of the name says it
    const ExpressionNode* node; // of a missing one

    bool known() const { return kind != Kind::missing; }
    bool truth() const { return number != 0; }
};

Computed of_number(double number, Basis basis = Basis::measured) {
    return {Computed::Kind::number, basis, base::Why::absent, number, {}, nullptr};
}

Computed of_truth(bool truth, Basis basis = Basis::measured) {
    return {Computed::Kind::truth, basis, base::Why::absent, truth ? 1.0 : 0.0, {}, nullptr};
}

Computed of_text(std::string_view text, Basis basis = Basis::measured) {
    return {Computed::Kind::text, basis, base::Why::absent, 0, text, nullptr};
}

Computed nothing(const ExpressionNode& node, base::Why why, std::string_view reason) {
    return {Computed::Kind::missing, Basis::measured, why, 0, reason, &node};
}

/// The graver of two missing values, or the one that is missing.
const Computed& missing_of(const Computed& a, const Computed& b) {
    if (a.known()) {
        return b;
    }
    if (b.known()) {
        return a;
    }
    return gravity(b.why) > gravity(a.why) ? b : a;
}

class Computation {
  public:
    Computation(const Expression& expression, const Context& context)
        : expression_(expression), context_(context) {}

    Value run() {
        const Computed result = of(expression_.root());
        switch (result.kind) {
        case Computed::Kind::number:
            return {result.number, result.basis};
        case Computed::Kind::truth:
            return {result.truth(), result.basis};
        case Computed::Kind::text:
            return {std::string(result.text), result.basis};
        case Computed::Kind::missing:
            break;
        }
        return gap_of(result);
    }

  private:
    Computed of(std::size_t index) {
        const ExpressionNode& node = expression_.nodes[index];
        switch (node.op) {
        case Op::number:
            return of_number(node.number);
        case Op::text:
            return of_text(expression_.text_of(node));
        case Op::truth:
            return of_truth(node.truth);
        case Op::name:
            return name(node);
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
            return of_truth(operand(node, 0).known());
        case Op::minimum:
        case Op::maximum:
            return extreme(node);
        }
        return nothing(node, base::Why::failed, "not an expression");
    }

    Computed operand(const ExpressionNode& node, std::size_t number) {
        return of(expression_.operands[node.first + number]);
    }

    base::Gap gap_of(const Computed& missing) const {
        if (missing.text.empty()) {
            return look_up(missing.node->reference, context_).gap();
        }
        return {std::string(expression_.text_of(*missing.node)), missing.why, std::string(missing.text)};
    }

    Computed name(const ExpressionNode& node) {
        return node.reference.where == Reference::Where::parameter
                   ? of_value(context_.parameters[node.reference.index], node)
                   : of_fact(look_up(node.reference, context_), node);
    }

    /// `value` outlives the computation.
    static Computed of_value(const Value& value, const ExpressionNode& node) {
        if (!value.known()) {
            return nothing(node, value.gap().why, {});
        }
        return value.is_number() ? of_number(value.number(), value.basis())
               : value.is_text() ? of_text(value.text(), value.basis())
                                 : of_truth(value.truth(), value.basis());
    }

    Computed of_fact(Value value, const ExpressionNode& node) {
        return of_value(value.is_text() ? texts_.emplace_front(std::move(value)) : value, node);
    }

    Computed one_number(const ExpressionNode& node) {
        const Computed v = operand(node, 0);
        return !v.known()              ? v
               : node.op == Op::negate ? of_number(-v.number, v.basis)
                                       : of_number(std::fabs(v.number), v.basis);
    }

    Computed two_numbers(const ExpressionNode& node) {
        const Computed a = operand(node, 0);
        const Computed b = operand(node, 1);
        if (!a.known() || !b.known()) {
            return missing_of(a, b);
        }
        const Basis basis = weaker(a.basis, b.basis);
        switch (node.op) {
        case Op::less:
            return of_truth(a.number < b.number, basis);
        case Op::less_equal:
            return of_truth(a.number <= b.number, basis);
        case Op::greater:
            return of_truth(a.number > b.number, basis);
        case Op::greater_equal:
            return of_truth(a.number >= b.number, basis);
        default:
            return arithmetic(node, a.number, b.number, basis);
        }
    }

    static Computed arithmetic(const ExpressionNode& node, double x, double y, Basis basis) {
        const bool divides = node.op == Op::divide || node.op == Op::modulo;
        if (divides && y == 0) {
            return nothing(node, base::Why::absent, "division by zero");
        }
        const double result = node.op == Op::add        ? x + y
                              : node.op == Op::subtract ? x - y
                              : node.op == Op::multiply ? x * y
                              : node.op == Op::divide   ? x / y
                                                        : std::fmod(x, y);
        return std::isfinite(result) ? of_number(result, basis)
                                     : nothing(node, base::Why::absent, "not a finite number");
    }

    static Computed equals(const Computed& a, const Computed& b) {
        if (!a.known() || !b.known()) {
            return missing_of(a, b);
        }
        const bool same = a.kind == Computed::Kind::text ? a.text == b.text : a.number == b.number;
        return of_truth(same, weaker(a.basis, b.basis));
    }

    Computed equality(const ExpressionNode& node) {
        const Computed same = equals(operand(node, 0), operand(node, 1));
        return same.known() && node.op == Op::not_equal ? of_truth(!same.truth(), same.basis) : same;
    }

    /// x == a or x == b or ...
    Computed membership(const ExpressionNode& node) {
        const Computed x = operand(node, 0);
        Computed found = of_truth(false);
        for (std::size_t i = 1; i < node.count; ++i) {
            found = either(found, equals(x, operand(node, i)), true);
            if (found.known() && found.truth()) {
                break;
            }
        }
        return found;
    }

    Computed negation(const ExpressionNode& node) {
        const Computed v = operand(node, 0);
        return v.known() ? of_truth(!v.truth(), v.basis) : v;
    }

    /// `decisive` decides alone: true for `or`, false for `and`.
    static Computed either(const Computed& a, const Computed& b, bool decisive) {
        if (a.known() && a.truth() == decisive) {
            return a;
        }
        if (b.known() && b.truth() == decisive) {
            return b;
        }
        return a.known() && b.known() ? of_truth(!decisive, weaker(a.basis, b.basis)) : missing_of(a, b);
    }

    Computed logic(const ExpressionNode& node) {
        const bool decisive = node.op == Op::logical_or;
        const Computed a = operand(node, 0);
        if (a.known() && a.truth() == decisive) {
            return a;
        }
        return either(a, operand(node, 1), decisive);
    }

    Computed choice(const ExpressionNode& node) {
        const Computed condition = operand(node, 0);
        return condition.known() ? operand(node, condition.truth() ? 1 : 2) : condition;
    }

    Computed extreme(const ExpressionNode& node) {
        Computed best = operand(node, 0);
        for (std::size_t i = 1; i < node.count; ++i) {
            const Computed next = operand(node, i);
            if (!best.known() || !next.known()) {
                best = missing_of(best, next);
                continue;
            }
            const bool minimum = node.op == Op::minimum;
            best =
                of_number(minimum ? std::min(best.number, next.number) : std::max(best.number, next.number),
                          weaker(best.basis, next.basis));
        }
        return best;
    }

    const Expression& expression_;
    const Context& context_;
    std::forward_list<Value> texts_; // of facts, as long as results refer to them
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
    const facts::Table* table = reference.where == Reference::Where::row     ? context.row_table
                                : reference.where == Reference::Where::netns ? context.netns
                                                                             : context.host;
    const std::size_t row = reference.where == Reference::Where::row ? context.row : 0;
    if (reference.where == Reference::Where::row && context.asked != nullptr) {
        context.asked->set(reference.index);
    }
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
    return Computation(expression, context).run();
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
