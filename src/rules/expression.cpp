#include "rules/expression.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace rules {
namespace {

constexpr std::size_t longest = 4000; // bytes
constexpr std::size_t deepest = 100;  // operators and brackets within each other

constexpr auto words = std::to_array<std::string_view>({"and", "or", "not", "in", "true", "false"});

struct Function {
    std::string_view name;
    Op op;
    std::size_t fewest;
    std::size_t most;
    std::string_view usage;
};
constexpr auto functions = std::to_array<Function>({
    {"if", Op::choose, 3, 3, "if(condition, then, else)"},
    {"known", Op::known, 1, 1, "known(value)"},
    {"min", Op::minimum, 1, 16, "min(a, b, ...)"},
    {"max", Op::maximum, 1, 16, "max(a, b, ...)"},
    {"abs", Op::absolute, 1, 1, "abs(value)"},
});

struct Infix {
    std::string_view sign;
    Op op;
};
// Longer signs first, so that '<' does not take the start of '<='.
constexpr auto comparisons = std::to_array<Infix>({{"==", Op::equal},
                                                   {"!=", Op::not_equal},
                                                   {"<=", Op::less_equal},
                                                   {">=", Op::greater_equal},
                                                   {"<", Op::less},
                                                   {">", Op::greater}});
constexpr auto sums = std::to_array<Infix>({{"+", Op::add}, {"-", Op::subtract}});
constexpr auto products = std::to_array<Infix>({{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::modulo}});

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_word(char c) {
    return is_letter(c) || is_digit(c);
}

/// Recursive descent. A failed parse throws a Mistake within this file: it unwinds from any depth at once.
class Parser {
  public:
    explicit Parser(std::string_view text) { expression_.text = std::string(text); }

    Expression run() {
        if (base::trim(text()).empty()) {
            fail(0, 1, "an expression is empty", "leave the key out instead");
        }
        disjunction();
        skip_blanks();
        if (at_ < text().size()) {
            fail_unexpected("an operator or the end of the expression");
        }
        return std::move(expression_);
    }

  private:
    using Index = std::uint16_t;

    /// Counts how deep the recursion is.
    class Level {
      public:
        explicit Level(Parser& parser) : parser_(parser) {
            if (++parser_.level_ > deepest) {
                parser_.fail_deep();
            }
        }
        ~Level() { --parser_.level_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

      private:
        Parser& parser_;
    };

    std::string_view text() const { return expression_.text; }

    [[noreturn]] static void fail(std::size_t offset, std::size_t length, std::string message,
                                  std::string advice) {
        throw ExpressionError{offset, length, std::move(message), std::move(advice)};
    }
    [[noreturn]] void fail_deep() const {
        fail(std::min(at_, text().size() - 1), 1,
             fmt::format("an expression is nested deeper than {} levels", deepest),
             "split the rule, or leave out brackets");
    }
    [[noreturn]] void fail_unexpected(std::string_view wanted) const;

    void skip_blanks() {
        while (at_ < text().size() &&
               std::string_view(" \t\r\n").find(text()[at_]) != std::string_view::npos) {
            ++at_;
        }
    }

    bool take(std::string_view sign) {
        skip_blanks();
        if (!text().substr(at_).starts_with(sign)) {
            return false;
        }
        at_ += sign.size();
        return true;
    }

    bool take_word(std::string_view word) {
        skip_blanks();
        const std::string_view rest = text().substr(at_);
        if (!rest.starts_with(word) || (rest.size() > word.size() && is_word(rest[word.size()]))) {
            return false;
        }
        at_ += word.size();
        return true;
    }

    Index add(Op op, std::size_t offset, std::initializer_list<Index> operands) {
        return add(op, offset, std::span(operands.begin(), operands.size()));
    }

    Index add(Op op, std::size_t offset, std::span<const Index> operands) {
        ExpressionNode node;
        node.op = op;
        node.offset = static_cast<std::uint16_t>(offset);
        node.length = static_cast<std::uint16_t>(at_ - offset);
        node.first = static_cast<std::uint16_t>(expression_.operands.size());
        node.count = static_cast<std::uint16_t>(operands.size());
        for (const Index operand : operands) {
            node.depth =
                std::max(node.depth, static_cast<std::uint16_t>(expression_.nodes[operand].depth + 1));
            expression_.operands.push_back(operand);
        }
        if (node.depth > deepest) {
            fail_deep();
        }
        expression_.nodes.push_back(node);
        return static_cast<Index>(expression_.nodes.size() - 1);
    }

    std::size_t start_of(Index index) const { return expression_.nodes[index].offset; }

    Index disjunction() {
        const Level level(*this);
        Index left = conjunction();
        while (take_word("or")) {
            const Index right = conjunction();
            left = add(Op::logical_or, start_of(left), {left, right});
        }
        return left;
    }

    Index conjunction() {
        Index left = negation();
        while (take_word("and")) {
            const Index right = negation();
            left = add(Op::logical_and, start_of(left), {left, right});
        }
        return left;
    }

    Index negation() {
        skip_blanks();
        const std::size_t start = at_;
        if (take_word("not")) {
            const Level level(*this);
            return add(Op::logical_not, start, {negation()});
        }
        return comparison();
    }

    std::optional<Op> comparison_sign() {
        for (const Infix& infix : comparisons) {
            if (take(infix.sign)) {
                return infix.op;
            }
        }
        return std::nullopt;
    }

    Index comparison() {
        const Index left = infix(sums);
        if (take_word("in")) {
            return list(left);
        }
        const auto op = comparison_sign();
        if (!op) {
            return left;
        }
        const Index right = infix(sums);
        const Index whole = add(*op, start_of(left), {left, right});
        skip_blanks();
        const std::size_t next = at_;
        if (comparison_sign() || take_word("in")) {
            fail(next, at_ - next, "comparisons cannot be chained", "write 'a < b and b < c'");
        }
        return whole;
    }

    Index list(Index left) {
        if (!take("[")) {
            fail(std::min(at_, text().size() - 1), 1, "'in' needs a list", "write x in [1, 2]");
        }
        std::vector<Index> operands = {left};
        do {
            operands.push_back(infix(sums));
        } while (take(","));
        expect("]", "the list");
        return add(Op::in, start_of(left), operands);
    }

    void expect(std::string_view sign, std::string_view what) {
        if (!take(sign)) {
            skip_blanks();
            if (at_ < text().size()) {
                fail_unexpected(fmt::format("'{}' or an operator", sign));
            }
            fail(text().size() - 1, 1, fmt::format("'{}' is missing at the end of {}", sign, what),
                 fmt::format("add '{}'", sign));
        }
    }

    /// Left-associative operators of one rank: sums of products of signed values.
    Index infix(std::span<const Infix> signs) {
        const bool inner = signs.data() == products.data();
        const auto operand = [&] { return inner ? signed_value() : infix(products); };
        Index left = operand();
        for (;;) {
            const auto sign =
                std::find_if(signs.begin(), signs.end(), [&](const Infix& one) { return take(one.sign); });
            if (sign == signs.end()) {
                return left;
            }
            const Index right = operand();
            left = add(sign->op, start_of(left), {left, right});
        }
    }

    Index signed_value() {
        skip_blanks();
        const std::size_t start = at_;
        if (take("-")) {
            const Level level(*this);
            return add(Op::negate, start, {signed_value()});
        }
        return primary();
    }

    Index primary() {
        skip_blanks();
        if (at_ == text().size()) {
            fail(text().size() - 1, 1, "the expression ends where a value should follow",
                 "add what is missing");
        }
        const std::size_t start = at_;
        const char c = text()[at_];
        if (take("(")) {
            const Index inner = disjunction();
            expect(")", "the bracket");
            return inner;
        }
        if (is_digit(c) || c == '.') {
            return number();
        }
        if (c == '"' || c == '\'') {
            return quoted(c);
        }
        if (!is_letter(c)) {
            fail_unexpected("a value");
        }
        while (at_ < text().size() && is_word(text()[at_])) {
            ++at_;
        }
        const std::string_view word = text().substr(start, at_ - start);
        if (word == "true" || word == "false") {
            const Index index = add(Op::truth, start, {});
            expression_.nodes[index].truth = word == "true";
            return index;
        }
        if (std::find(words.begin(), words.end(), word) != words.end()) {
            at_ = start;
            fail(start, word.size(), fmt::format("'{}' stands where a value should", word),
                 "remove it, or add the value");
        }
        if (take("(")) {
            return call(word, start);
        }
        at_ = start + word.size();
        return name(start);
    }

    /// NAME or TABLE.NAME; the first word has been read.
    Index name(std::size_t start) {
        if (at_ + 1 < text().size() && text()[at_] == '.' && is_letter(text()[at_ + 1])) {
            ++at_;
            while (at_ < text().size() && is_word(text()[at_])) {
                ++at_;
            }
        }
        return add(Op::name, start, {});
    }

    Index call(std::string_view word, std::size_t start) {
        const auto function = std::find_if(functions.begin(), functions.end(),
                                           [&](const Function& candidate) { return candidate.name == word; });
        if (function == functions.end()) {
            std::vector<std::string> names;
            names.reserve(functions.size());
            for (const Function& candidate : functions) {
                names.emplace_back(candidate.name);
            }
            fail(start, word.size(),
                 fmt::format("unknown function '{}'{}", word, base::did_you_mean(word, names)),
                 fmt::format("the functions are {}", base::join(names, ", ")));
        }
        std::vector<Index> operands;
        if (!take(")")) {
            do {
                operands.push_back(disjunction());
            } while (take(","));
            expect(")", fmt::format("{}(...)", word));
        }
        if (operands.size() < function->fewest || operands.size() > function->most) {
            fail(start, at_ - start,
                 fmt::format("{}() with {} value{}", word, operands.size(), operands.size() == 1 ? "" : "s"),
                 fmt::format("write {}", function->usage));
        }
        return add(function->op, start, operands);
    }

    Index number() {
        const std::size_t start = at_;
        while (at_ < text().size()) {
            const char c = text()[at_];
            const bool exponent_sign = (c == '+' || c == '-') && (text()[at_ - 1] | 0x20) == 'e';
            if (!is_word(c) && c != '.' && !exponent_sign) {
                break;
            }
            ++at_;
        }
        const std::string_view digits = text().substr(start, at_ - start);
        const auto value = base::parse_decimal(digits);
        if (!value) {
            fail(start, digits.size(), fmt::format("'{}' is not a number", digits),
                 "write it without unit and separators: 1000, 0.5, 1e3");
        }
        const Index index = add(Op::number, start, {});
        expression_.nodes[index].number = *value;
        return index;
    }

    /// The node spans the text between the quotes.
    Index quoted(char quote) {
        const std::size_t start = at_ + 1;
        const std::size_t end = text().find(quote, start);
        if (end == std::string_view::npos) {
            fail(at_, text().size() - at_, "a text has no closing quote", fmt::format("add {}", quote));
        }
        at_ = end;
        const Index index = add(Op::text, start, {});
        at_ = end + 1;
        return index;
    }

    Expression expression_;
    std::size_t at_ = 0;
    std::size_t level_ = 0;
};

/// What people write who know another language.
struct Foreign {
    std::string_view sign;
    std::string_view advice;
};
constexpr auto foreign_signs = std::to_array<Foreign>({{"=>", "write '>='"},
                                                       {"=<", "write '<='"},
                                                       {"&&", "write 'and'"},
                                                       {"||", "write 'or'"},
                                                       {"!", "write 'not'"},
                                                       {"=", "write '==' to compare"},
                                                       {"&", "write 'and'"},
                                                       {"|", "write 'or'"},
                                                       {"?", "write if(condition, then, else)"}});

void Parser::fail_unexpected(std::string_view wanted) const {
    const std::string_view rest = text().substr(at_);
    for (const Foreign& foreign : foreign_signs) {
        if (rest.starts_with(foreign.sign)) {
            fail(at_, foreign.sign.size(), fmt::format("unexpected '{}'", foreign.sign),
                 std::string(foreign.advice));
        }
    }
    std::size_t length = 1;
    while (length < rest.size() && is_word(rest[0]) && is_word(rest[length])) {
        ++length;
    }
    while (length < rest.size() && (static_cast<std::uint8_t>(rest[length]) & 0xC0) == 0x80) {
        ++length;
    }
    fail(at_, length, fmt::format("unexpected '{}'", base::printable(rest.substr(0, length))),
         fmt::format("{} should stand here", wanted));
}

} // namespace

base::Result<Expression, ExpressionError> parse_expression(std::string_view text) {
    if (text.size() > longest) {
        return ExpressionError{0, 1, fmt::format("an expression is longer than {} bytes", longest),
                               "split the rule"};
    }
    try {
        return Parser(text).run();
    } catch (ExpressionError& mistake) {
        return std::move(mistake);
    }
}

bool is_plain_name(std::string_view text) {
    const auto is_lower = [](char c) { return is_word(c) && !(c >= 'A' && c <= 'Z'); };
    return !text.empty() && !is_digit(text[0]) && std::all_of(text.begin(), text.end(), is_lower) &&
           std::find(words.begin(), words.end(), text) == words.end() &&
           std::none_of(functions.begin(), functions.end(),
                        [&](const Function& function) { return function.name == text; });
}

} // namespace rules
