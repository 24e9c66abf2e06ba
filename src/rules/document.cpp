#include "rules/document.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {

namespace {

constexpr std::size_t most_diagnostics = 100; // of one file

bool continues_character(char c) {
    return (static_cast<std::uint8_t>(c) & 0xC0) == 0x80;
}

/// A position that walks through the text of a file, character by character.
struct Cursor {
    std::string_view text;
    std::size_t at = 0;
    int line = 1;
    int column = 1;

    bool done() const { return at >= text.size(); }
    bool sees(std::string_view what) const { return text.substr(at).starts_with(what); }

    void step() {
        if (text[at] == '\n') {
            ++line;
            column = 0;
        }
        do {
            ++at;
        } while (!done() && continues_character(text[at]));
        ++column;
    }
    void steps(std::size_t count) {
        for (std::size_t i = 0; i < count && !done(); ++i) {
            step();
        }
    }
};

Cursor cursor_at(std::string_view text, Mark mark) {
    Cursor cursor{text};
    for (; cursor.line < mark.line; ++cursor.line) {
        const std::size_t end = text.find('\n', cursor.at);
        if (end == std::string_view::npos) {
            cursor.at = text.size();
            return cursor;
        }
        cursor.at = end + 1;
    }
    cursor.steps(static_cast<std::size_t>(std::max(mark.column, 1) - 1));
    return cursor;
}

std::size_t utf8_size(std::uint32_t code_point) {
    return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

/// Moves over a backslash line end and the white space behind it.
bool skip_line_continuation(Cursor& cursor) {
    Cursor ahead = cursor;
    ahead.step();
    while (!ahead.done() && (ahead.sees(" ") || ahead.sees("\t") || ahead.sees("\r"))) {
        ahead.step();
    }
    if (!ahead.sees("\n")) {
        return false;
    }
    while (!ahead.done() &&
           std::string_view(" \t\r\n").find(ahead.text[ahead.at]) != std::string_view::npos) {
        ahead.step();
    }
    cursor = ahead;
    return true;
}

/// Moves over an escape sequence and returns the bytes that it stands for.
std::size_t skip_escape(Cursor& cursor) {
    cursor.step();
    const std::size_t digits = cursor.sees("u") ? 4 : cursor.sees("U") ? 8 : 0;
    cursor.step();
    std::uint32_t code_point = 0;
    for (std::size_t i = 0; i < digits && !cursor.done(); ++i) {
        const char c = cursor.text[cursor.at];
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        code_point = code_point * 16 + static_cast<std::uint32_t>(digit);
        cursor.step();
    }
    return utf8_size(code_point);
}

/// Moves over one unit of a string and returns the bytes that it stands for.
std::size_t skip_unit(Cursor& cursor, bool escapes) {
    while (escapes && cursor.sees("\\") && skip_line_continuation(cursor)) {
    }
    if (cursor.done()) {
        return 1;
    }
    if (escapes && cursor.sees("\\")) {
        return skip_escape(cursor);
    }
    if (cursor.sees("\r\n")) {
        cursor.steps(2);
        return 1;
    }
    const std::size_t before = cursor.at;
    cursor.step();
    return cursor.at - before;
}

} // namespace

Mark mark_inside(std::string_view text, Mark string, std::size_t offset, std::size_t length) {
    Cursor cursor = cursor_at(text, string);
    const bool triple = cursor.sees("\"\"\"") || cursor.sees("'''");
    const bool escapes = cursor.sees("\"");
    if (!escapes && !cursor.sees("'")) {
        return string; // not a string: the caller knows no better place either
    }
    cursor.steps(triple ? 3 : 1);
    if (triple && cursor.sees("\r\n")) {
        cursor.steps(2);
    } else if (triple && cursor.sees("\n")) {
        cursor.step();
    }
    for (std::size_t decoded = 0; decoded < offset && !cursor.done();) {
        decoded += skip_unit(cursor, escapes);
    }
    while (escapes && cursor.sees("\\") && skip_line_continuation(cursor)) {
    }
    Mark mark{cursor.line, cursor.column, 1};
    int length_on_line = 0;
    for (std::size_t decoded = 0; decoded < length && !cursor.done() && cursor.line == mark.line;) {
        decoded += skip_unit(cursor, escapes);
        length_on_line = cursor.line == mark.line ? cursor.column - mark.column : length_on_line;
    }
    mark.length = std::max(length_on_line, 1);
    return mark;
}

Mark mark_in_line(std::string_view line, std::size_t offset, std::size_t length) {
    const auto columns = [](std::string_view part) { return static_cast<int>(base::code_points(part)); };
    return {0, 1 + columns(line.substr(0, offset)),
            std::max(columns(line.substr(std::min(offset, line.size()), length)), 1)};
}

void Reporter::error(Mark mark, std::string message, std::string advice) {
    const bool earlier = mark.line < first_place_.line ||
                         (mark.line == first_place_.line && mark.column < first_place_.column);
    if (++errors_ == 1 || earlier) {
        first_place_ = mark;
        first_ = mark.line > 0 ? fmt::format("{}:{}: {}", file_.name, mark.line, message)
                               : fmt::format("{}: {}", file_.name, message);
    }
    add(base::Weight::error, mark, std::move(message), std::move(advice));
}

void Reporter::warning(Mark mark, std::string message, std::string advice) {
    add(base::Weight::warning, mark, std::move(message), std::move(advice));
}

std::string Reporter::one_line() const {
    return errors_ < 2
               ? first_
               : fmt::format("{} (and {} more mistake{})", first_, errors_ - 1, errors_ == 2 ? "" : "s");
}

void Reporter::add(base::Weight weight, Mark mark, std::string message, std::string advice) {
    if (++noted_ > most_diagnostics) {
        return;
    }
    const std::string_view line =
        mark.line > 0 ? base::line_of(file_.text, mark.line) : std::string_view(file_.text);
    const bool show = mark.column > 0 && (mark.line > 0 || line.find('\n') == std::string_view::npos);
    out_.add({weight,
              {file_.name, mark.line, mark.column},
              std::move(message),
              show ? std::string(line) : std::string(),
              mark.length,
              std::move(advice)});
}

const Node::Member* Node::find(std::string_view name) const {
    const auto all = members();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Member& member) { return member.key.name == name; });
    return found != all.end() ? &*found : nullptr;
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

TableReader::TableReader(const Node& table, std::string_view what, std::span<const std::string_view> known,
                         Reporter& reporter)
    : table_(table), what_(what), reporter_(reporter) {
    for (const Node::Member& member : table.members()) {
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

std::string_view TableReader::text(std::string_view name) const {
    const Node* node = get(name, Node::Kind::text);
    return node != nullptr ? node->text : std::string_view();
}

bool TableReader::boolean(std::string_view name, bool otherwise) const {
    const Node* node = get(name, Node::Kind::boolean);
    return node != nullptr ? node->truth : otherwise;
}

std::vector<std::string> TableReader::texts(std::string_view name) const {
    std::vector<std::string> all;
    const Node* node = get(name, Node::Kind::list);
    for (const Node& item : node != nullptr ? node->items() : std::span<const Node>()) {
        if (item.kind == Node::Kind::text) {
            all.emplace_back(item.text);
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
        return {std::string(node->text)};
    }
    return texts(name);
}

std::span<const Node::Member> TableReader::members(std::string_view name) const {
    const Node* node = get(name, Node::Kind::table);
    return node != nullptr ? node->members() : std::span<const Node::Member>();
}

std::span<const Node> TableReader::tables(std::string_view name, std::string_view header) const {
    const Node* node = get_any(name);
    if (node == nullptr) {
        return {};
    }
    const bool fits = node->kind == Node::Kind::list &&
                      std::all_of(node->items().begin(), node->items().end(),
                                  [](const Node& item) { return item.kind == Node::Kind::table; });
    if (!fits) {
        reporter_.error(
            node->mark,
            fmt::format("'{}' must be a list of tables, this is {}", name,
                        node->kind == Node::Kind::list ? "a list with something else" : describe(node->kind)),
            fmt::format("write {}", header));
        return {};
    }
    return node->items();
}

} // namespace rules
