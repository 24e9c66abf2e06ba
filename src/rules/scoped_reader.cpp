#include "rules/scoped_reader.h"

#include "base/text.h"

#include <fmt/format.h>

namespace rules {

using Kind = Node::Kind;
using facts::Type;

void ScopedReader::add_parameter(const NodeKey& key, Type type, Use use) {
    if (scope_) {
        scope_->add_parameter(std::string(key.name), type);
        used_.emplace_back(key, use == Use::excused);
    }
}

void ScopedReader::report_unused_parameters() {
    for (const auto& [key, used] : used_) {
        if (!used) {
            reporter_.warning(key.mark,
                              fmt::format("nothing uses the parameter '{}'", base::printable(key.name)),
                              "name it in an expression or placeholder, or remove it");
        }
    }
}

Expression ScopedReader::expression(const TableReader& keys, std::string_view name, Type wanted) {
    const Node* node = keys.get(name, Kind::text);
    if (node == nullptr) {
        return {};
    }
    auto parsed = parse_expression(node->text);
    if (!parsed) {
        report(*node, parsed.error());
        note_words(node->text);
        return {};
    }
    if (!scope_) {
        return std::move(*parsed);
    }
    std::vector<ExpressionError> mistakes;
    const auto type = resolve(*parsed, *scope_, mistakes);
    if (mistakes.empty() && type != wanted) {
        mistakes.push_back(
            {0, node->text.size(),
             fmt::format("'{}' must be {}, this is {}", name, describe(wanted), describe(*type)),
             wanted == Type::boolean ? "compare it with something: '... > 0', '... == ...'"
                                     : "use if(condition, a, b) to choose between numbers"});
    }
    for (const ExpressionError& mistake : mistakes) {
        report(*node, mistake);
        note_words(node->text.substr(mistake.offset, mistake.length));
    }
    note_references(*parsed);
    return std::move(*parsed);
}

void ScopedReader::report(const Node& node, const ExpressionError& mistake) {
    reporter_.error(mark_inside(reporter_.file().text, node.mark, mistake.offset, mistake.length),
                    mistake.message, mistake.advice);
}

void ScopedReader::note_references(const Expression& expression) {
    for (const ExpressionNode& node : expression.nodes) {
        if (node.op == Op::name) {
            note_use(node.reference);
        }
    }
}

void ScopedReader::note_use(const Reference& reference) {
    if (reference.where == Reference::Where::parameter && reference.index < used_.size()) {
        used_[reference.index].second = true;
    }
}

void ScopedReader::note_words(std::string_view wrong) {
    for (auto& [key, used] : used_) {
        const std::string names[] = {std::string(key.name)};
        used = used || wrong.find(key.name) != std::string_view::npos || base::closest(wrong, names);
    }
}

Template ScopedReader::placeholders(const TableReader& keys, std::string_view name) {
    const Node* node = keys.get(name, Kind::text);
    return node != nullptr ? placeholders(*node) : Template{};
}

Template ScopedReader::placeholders(const Node& node) {
    if (!scope_) {
        return {};
    }
    std::vector<ExpressionError> mistakes;
    Template parsed = parse_template(node.text, *scope_, mistakes);
    for (const ExpressionError& mistake : mistakes) {
        report(node, mistake);
        note_words(node.text.substr(mistake.offset, mistake.length));
    }
    for (const Template::Part& part : parsed.parts) {
        if (part.has_name && part.special == Template::Special::none) {
            note_use(part.reference);
        }
    }
    return parsed;
}

std::optional<facts::Value> read_value(const Node& node) {
    switch (node.kind) {
    case Kind::number:
        return facts::Value(node.number);
    case Kind::boolean:
        return facts::Value(node.truth);
    case Kind::text:
        return facts::Value(std::string(node.text));
    default:
        return std::nullopt;
    }
}

facts::Type type_of(const facts::Value& value) {
    return value.is_number() ? Type::number : value.is_text() ? Type::text : Type::boolean;
}

} // namespace rules
