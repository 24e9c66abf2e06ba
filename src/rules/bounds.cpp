#include "rules/bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rules {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Outlook anything() {
    return {-infinity, infinity, true, true, true, true};
}

Outlook number(double low, double high, bool may_be_missing) {
    // The computation turns what is not finite into a missing value.
    const bool overflows =
        !(low >= -std::numeric_limits<double>::max() && high <= std::numeric_limits<double>::max());
    return {std::isnan(low) ? -infinity : low,
            std::isnan(high) ? infinity : high,
            false,
            false,
            may_be_missing || overflows,
            true};
}

Outlook truth(bool may_be_true, bool may_be_false, bool may_be_missing) {
    return {0, 0, may_be_true, may_be_false, may_be_missing, may_be_true || may_be_false};
}

Outlook of_value(const facts::Value& value) {
    if (!value.known()) {
        Outlook missing = anything();
        missing.may_be_true = missing.may_be_false = missing.may_be_known = false;
        return missing;
    }
    if (value.is_boolean()) {
        return truth(value.truth(), !value.truth(), false);
    }
    return value.is_number() ? number(value.number(), value.number(), false) : anything();
}

Outlook of_name(const Reference& reference, const Context& context) {
    if (reference.where != Reference::Where::row) {
        return of_value(look_up(reference, context));
    }
    const auto bounds = context.row_table->quiet_bounds(reference.index);
    return bounds && reference.type == facts::Type::number ? number(bounds->low, bounds->high, false)
                                                           : anything();
}

Outlook product(const Outlook& a, const Outlook& b, bool divide) {
    const bool missing = a.may_be_missing || b.may_be_missing;
    if (divide && b.low <= 0 && b.high >= 0) {
        return number(-infinity, infinity, true);
    }
    const auto combine = [&](double x, double y) { return divide ? x / y : x * y; };
    const double corners[] = {combine(a.low, b.low), combine(a.low, b.high), combine(a.high, b.low),
                              combine(a.high, b.high)};
    if (std::any_of(std::begin(corners), std::end(corners), [](double x) { return std::isnan(x); })) {
        return number(-infinity, infinity, true);
    }
    return number(*std::min_element(std::begin(corners), std::end(corners)),
                  *std::max_element(std::begin(corners), std::end(corners)), missing);
}

/// fmod: smaller than the divisor, no larger than the dividend, with the sign of the dividend.
Outlook remainder(const Outlook& a, const Outlook& b) {
    const bool missing = a.may_be_missing || b.may_be_missing || (b.low <= 0 && b.high >= 0);
    const double most = std::min(std::max(std::fabs(a.low), std::fabs(a.high)),
                                 std::max(std::fabs(b.low), std::fabs(b.high)));
    return number(a.low < 0 ? -most : 0, a.high > 0 ? most : 0, missing);
}

Outlook comparison(Op op, const Outlook& a, const Outlook& b) {
    const bool missing = a.may_be_missing || b.may_be_missing;
    switch (op) {
    case Op::less:
        return truth(a.low < b.high, a.high >= b.low, missing);
    case Op::less_equal:
        return truth(a.low <= b.high, a.high > b.low, missing);
    case Op::greater:
        return comparison(Op::less, b, a);
    default:
        return comparison(Op::less_equal, b, a);
    }
}

Outlook negated(const Outlook& a) {
    return truth(a.may_be_false, a.may_be_true, a.may_be_missing);
}

/// Equality of numbers; of texts and truths nothing is known but by chance.
Outlook equality(const Outlook& a, const Outlook& b) {
    const bool missing = a.may_be_missing || b.may_be_missing;
    const bool are_numbers = !(a.may_be_true || a.may_be_false || b.may_be_true || b.may_be_false);
    if (!are_numbers) {
        return truth(true, true, missing);
    }
    const bool overlap = a.low <= b.high && b.low <= a.high;
    const bool one_point = a.low == a.high && b.low == b.high && a.low == b.low;
    return truth(overlap, !one_point, missing);
}

Outlook disjunction(const Outlook& a, const Outlook& b) {
    const bool missing =
        (a.may_be_missing && (b.may_be_missing || b.may_be_false)) || (b.may_be_missing && a.may_be_false);
    return truth(a.may_be_true || b.may_be_true, a.may_be_false && b.may_be_false, missing);
}

Outlook conjunction(const Outlook& a, const Outlook& b) {
    return negated(disjunction(negated(a), negated(b)));
}

class Outlooks {
  public:
    Outlooks(const Expression& expression, const Context& context)
        : expression_(expression), context_(context) {}

    Outlook of(std::size_t index) const {
        const ExpressionNode& node = expression_.nodes[index];
        switch (node.op) {
        case Op::number:
            return number(node.number, node.number, false);
        case Op::text:
            return truth(true, true, false); // compares like anything that is known
        case Op::truth:
            return truth(node.truth, !node.truth, false);
        case Op::name:
            return of_name(node.reference, context_);
        case Op::negate:
        case Op::absolute:
        case Op::logical_not:
        case Op::known:
            return of_one(node.op, operand(node, 0));
        case Op::choose:
            return choice(node);
        case Op::in:
            return membership(node);
        case Op::minimum:
        case Op::maximum:
            return extreme(node);
        default:
            return of_two(node.op, operand(node, 0), operand(node, 1));
        }
    }

  private:
    Outlook operand(const ExpressionNode& node, std::size_t count) const {
        return of(expression_.operands[node.first + count]);
    }

    static Outlook of_one(Op op, const Outlook& a) {
        switch (op) {
        case Op::negate:
            return number(-a.high, -a.low, a.may_be_missing);
        case Op::absolute: {
            const double most = std::max(std::fabs(a.low), std::fabs(a.high));
            const double least =
                a.low <= 0 && a.high >= 0 ? 0 : std::min(std::fabs(a.low), std::fabs(a.high));
            return number(least, most, a.may_be_missing);
        }
        case Op::known:
            return truth(a.may_be_known, a.may_be_missing, false);
        default:
            return negated(a);
        }
    }

    static Outlook of_two(Op op, const Outlook& a, const Outlook& b) {
        const bool missing = a.may_be_missing || b.may_be_missing;
        switch (op) {
        case Op::add:
            return number(a.low + b.low, a.high + b.high, missing);
        case Op::subtract:
            return number(a.low - b.high, a.high - b.low, missing);
        case Op::multiply:
            return product(a, b, false);
        case Op::divide:
            return product(a, b, true);
        case Op::modulo:
            return remainder(a, b);
        case Op::equal:
            return equality(a, b);
        case Op::not_equal:
            return negated(equality(a, b));
        case Op::logical_and:
            return conjunction(a, b);
        case Op::logical_or:
            return disjunction(a, b);
        default:
            return comparison(op, a, b);
        }
    }

    Outlook choice(const ExpressionNode& node) const {
        const Outlook condition = operand(node, 0);
        const Outlook a = operand(node, 1);
        const Outlook b = operand(node, 2);
        Outlook both = !condition.may_be_false ? a : !condition.may_be_true ? b : joined(a, b);
        both.may_be_missing = both.may_be_missing || condition.may_be_missing;
        return both;
    }

    static Outlook joined(const Outlook& a, const Outlook& b) {
        return {std::min(a.low, b.low),
                std::max(a.high, b.high),
                a.may_be_true || b.may_be_true,
                a.may_be_false || b.may_be_false,
                a.may_be_missing || b.may_be_missing,
                a.may_be_known || b.may_be_known};
    }

    Outlook membership(const ExpressionNode& node) const {
        const Outlook x = operand(node, 0);
        Outlook found = truth(false, true, false);
        for (std::size_t i = 1; i < node.count; ++i) {
            found = disjunction(found, equality(x, operand(node, i)));
        }
        return found;
    }

    Outlook extreme(const ExpressionNode& node) const {
        Outlook best = operand(node, 0);
        for (std::size_t i = 1; i < node.count; ++i) {
            const Outlook next = operand(node, i);
            const bool minimum = node.op == Op::minimum;
            best = number(minimum ? std::min(best.low, next.low) : std::max(best.low, next.low),
                          minimum ? std::min(best.high, next.high) : std::max(best.high, next.high),
                          best.may_be_missing || next.may_be_missing);
        }
        return best;
    }

    const Expression& expression_;
    const Context& context_;
};

} // namespace

Outlook outlook(const Expression& expression, const Context& context) {
    return Outlooks(expression, context).of(expression.root());
}

} // namespace rules
