#include "rules/document.h"

#include "base/text.h"
#include "rules/guard.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace rules {
namespace {

Mark mark_of(const toml::source_region& region) {
    const auto line = static_cast<int>(region.begin.line);
    const auto column = static_cast<int>(region.begin.column);
    const bool one_line = region.end.line == region.begin.line && region.end.column > region.begin.column;
    return {line, column, one_line ? static_cast<int>(region.end.column) - column : 1};
}

double first_second_of(const toml::date& date) {
    using namespace std::chrono;
    const sys_days day{year{date.year} / date.month / date.day};
    return static_cast<double>(duration_cast<seconds>(day.time_since_epoch()).count());
}

Node convert(const toml::node& source);

void convert_table(const toml::table& source, Node& node) {
    node.members.reserve(source.size());
    for (const auto& [key, value] : source) {
        node.members.push_back({{std::string(key.str()), mark_of(key.source())}, convert(value)});
    }
}

Node convert(const toml::node& source) {
    Node node;
    node.mark = mark_of(source.source());
    if (const auto* table = source.as_table()) {
        convert_table(*table, node);
    } else if (const auto* array = source.as_array()) {
        node.kind = Node::Kind::list;
        node.items.reserve(array->size());
        for (const toml::node& item : *array) {
            node.items.push_back(convert(item));
        }
    } else if (const auto* text = source.as_string()) {
        node.kind = Node::Kind::text;
        node.text = text->get();
    } else if (source.is_number()) {
        node.kind = Node::Kind::number;
        node.number = source.value<double>().value_or(0);
    } else if (const auto* boolean = source.as_boolean()) {
        node.kind = Node::Kind::boolean;
        node.truth = boolean->get();
    } else {
        node.kind = Node::Kind::date;
        if (const auto* date = source.as_date()) {
            node.number = first_second_of(date->get());
            node.text =
                fmt::format("{:04}-{:02}-{:02}", date->get().year, date->get().month, date->get().day);
        }
    }
    return node;
}

/// What the parser says, in words of the person who made the most common mistakes.
std::string syntax_message(std::string_view description, std::string_view text, Mark mark) {
    const auto says = [&](std::string_view what) { return description.find(what) != std::string_view::npos; };
    if (says("invalid utf-8")) {
        return "not UTF-8";
    }
    const std::size_t width = base::display_width(base::line_of(text, mark.line));
    if (says("control characters") && mark.column > static_cast<int>(width)) {
        return "not TOML: a text has no closing quote";
    }
    constexpr std::string_view noise = "Error while parsing ";
    const std::string_view rest =
        description.starts_with(noise) ? description.substr(noise.size()) : description;
    return base::printable(fmt::format("not TOML: {}", rest));
}

} // namespace

const Node::Member* Node::find(std::string_view name) const {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const Member& member) { return member.key.name == name; });
    return found != members.end() ? &*found : nullptr;
}

std::string_view describe(Node::Kind kind) {
    switch (kind) {
    case Node::Kind::text:
        return "a text";
    case Node::Kind::number:
        return "a number";
    case Node::Kind::boolean:
        return "true or false";
    case Node::Kind::date:
        return "a date";
    case Node::Kind::list:
        return "a list";
    case Node::Kind::table:
        return "a table";
    }
    return "a value";
}

std::optional<Node> parse_document(Reporter& reporter) {
    if (!fit_to_parse(reporter)) {
        return std::nullopt;
    }
    try {
        const toml::table table = toml::parse(reporter.file().text);
        return convert(table);
    } catch (const toml::parse_error& error) {
        const Mark mark = mark_of(error.source());
        reporter.error(mark, syntax_message(error.description(), reporter.file().text, mark),
                       "texts stand in quotes; nothing in this file is used before this is mended");
        return std::nullopt;
    }
}

TableReader::TableReader(const Node& table, std::string_view what, std::span<const std::string_view> known,
                         Reporter& reporter)
    : table_(table), what_(what), reporter_(reporter) {
    for (const Node::Member& member : table.members) {
        if (std::find(known.begin(), known.end(), member.key.name) != known.end()) {
            continue;
        }
        const std::vector<std::string> names(known.begin(), known.end());
        const std::string safe = base::printable(member.key.name);
        const std::string near = base::did_you_mean(member.key.name, names);
        reporter.error(member.key.mark, fmt::format("unknown key '{}' in {}{}", safe, what, near),
                       near.empty() ? fmt::format("{} has {}", what, base::join(names, ", "))
                                    : "tcpadvisor-rules(5) describes all keys");
    }
}

const Node* TableReader::get_any(std::string_view name) const {
    const Node::Member* member = table_.find(name);
    return member != nullptr ? &member->value : nullptr;
}

const Node* TableReader::get(std::string_view name, Node::Kind kind) const {
    const Node* node = get_any(name);
    if (node != nullptr && node->kind != kind) {
        reporter_.error(
            node->mark,
            fmt::format("'{}' must be {}, this is {}", name, describe(kind), describe(node->kind)),
            kind == Node::Kind::text ? "put it in quotes" : fmt::format("write {} here", describe(kind)));
        return nullptr;
    }
    return node;
}

const Node* TableReader::require(std::string_view name, Node::Kind kind, std::string_view advice) const {
    if (get_any(name) == nullptr) {
        reporter_.error(table_.mark, fmt::format("{} without '{}'", what_, name), std::string(advice));
        return nullptr;
    }
    return get(name, kind);
}

std::string TableReader::text(std::string_view name) const {
    const Node* node = get(name, Node::Kind::text);
    return node != nullptr ? node->text : std::string();
}

bool TableReader::boolean(std::string_view name, bool otherwise) const {
    const Node* node = get(name, Node::Kind::boolean);
    return node != nullptr ? node->truth : otherwise;
}

std::vector<std::string> TableReader::texts(std::string_view name) const {
    std::vector<std::string> all;
    const Node* node = get(name, Node::Kind::list);
    for (const Node& item : node != nullptr ? std::span(node->items) : std::span<const Node>()) {
        if (item.kind == Node::Kind::text) {
            all.push_back(item.text);
        } else {
            reporter_.error(item.mark,
                            fmt::format("each of '{}' must be a text, this is {}", name, describe(item.kind)),
                            "put it in quotes");
        }
    }
    return all;
}

std::vector<std::string> TableReader::text_or_texts(std::string_view name) const {
    const Node* node = get_any(name);
    if (node != nullptr && node->kind == Node::Kind::text) {
        return {node->text};
    }
    return texts(name);
}

std::span<const Node> TableReader::tables(std::string_view name, std::string_view header) const {
    const Node* node = get_any(name);
    if (node == nullptr) {
        return {};
    }
    const bool fits = node->kind == Node::Kind::list &&
                      std::all_of(node->items.begin(), node->items.end(),
                                  [](const Node& item) { return item.kind == Node::Kind::table; });
    if (!fits) {
        reporter_.error(
            node->mark,
            fmt::format("'{}' must be a list of tables, this is {}", name,
                        node->kind == Node::Kind::list ? "a list with something else" : describe(node->kind)),
            fmt::format("write {}", header));
        return {};
    }
    return node->items;
}

} // namespace rules
