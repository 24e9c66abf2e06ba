// An expression as a tree, and the parser that makes it. Names stay names here; resolve.h finds out what they
// mean. Bounded in length and depth, so that every later walk may recurse.
#pragma once

#include "base/result.h"
#include "facts/table.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

enum class Op : std::uint8_t {
    number,
    text,
    truth,
    name,
    negate,
    add,
    subtract,
    multiply,
    divide,
    modulo,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    in,
    logical_not,
    logical_and,
    logical_or,
    choose,
    known,
    minimum,
    maximum,
    absolute,
};

/// What a name stands for: a column of the rule's row, of its namespace or of the host, a parameter, or the
/// past of the alert (0: alerting_runs, 1: alerting_for).
struct Reference {
    enum class Where : std::uint8_t { row, netns, host, parameter, past };
    Where where = Where::row;
    std::uint16_t index = 0;
    facts::Type type = facts::Type::number;

    bool operator==(const Reference&) const = default;
};

struct ExpressionNode {
    Op op = Op::number;
    Reference reference; // of a name
    bool truth = false;
    std::uint16_t offset = 0; // within the text
    std::uint16_t length = 0;
    std::uint16_t depth = 1;
    std::uint16_t first = 0; // of its operands in Expression::operands
    std::uint16_t count = 0;
    double number = 0;
};

struct Expression {
    std::string text;
    std::vector<ExpressionNode> nodes; // operands before operators: the last one is the root
    std::vector<std::uint16_t> operands;

    bool empty() const { return nodes.empty(); }
    std::size_t root() const { return nodes.size() - 1; }
    std::span<const std::uint16_t> operands_of(const ExpressionNode& node) const {
        return std::span(operands).subspan(node.first, node.count);
    }
    std::string_view text_of(const ExpressionNode& node) const {
        return std::string_view(text).substr(node.offset, node.length);
    }
};

/// A mistake within a text; the offset counts bytes.
struct ExpressionError {
    std::size_t offset = 0;
    std::size_t length = 1;
    std::string message;
    std::string advice;
};

/// The tree of an expression, or its first syntax error.
base::Result<Expression, ExpressionError> parse_expression(std::string_view text);

/// A letter or underscore, then letters, digits and underscores, all lower case, and no word of the
/// expression language.
bool is_plain_name(std::string_view text);

} // namespace rules
