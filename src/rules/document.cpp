#include "rules/document.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>
#include <toml++/toml.h>

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
    const auto columns = [](std::string_view part) { return static_cast<int>(base::display_width(part)); };
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

namespace {

constexpr std::size_t most_bytes = 256 * 1024;
constexpr int deepest = 32; // brackets in brackets, or dots in one key

/// Offset of the first place that is nested too deeply, or npos.
class NestingScan {
  public:
    explicit NestingScan(std::string_view text) : text_(text) {}

    std::size_t run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
                continue;
            }
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (too_deep(c)) {
                return at_;
            }
            ++at_;
        }
        return std::string_view::npos;
    }

  private:
    bool too_deep(char c) {
        if (c == '\n' || c == '=' || c == ',') {
            dots_ = 0;
        }
        dots_ += c == '.' ? 1 : 0;
        brackets_ += c == '[' || c == '{' ? 1 : 0;
        brackets_ -= (c == ']' || c == '}') && brackets_ > 0 ? 1 : 0;
        return dots_ > deepest || brackets_ > deepest;
    }

    void skip_string(char quote) {
        const std::string triple(3, quote);
        const bool multi_line = text_.substr(at_).starts_with(triple);
        at_ += multi_line ? 3 : 1;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\' && quote == '"') {
                ++at_;
            } else if (multi_line ? text_.substr(at_).starts_with(triple)
                                  : text_[at_] == quote || text_[at_] == '\n') {
                at_ += multi_line ? 3 : 1;
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int dots_ = 0;
    int brackets_ = 0;
};

Mark mark_of_offset(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
    Mark mark = mark_in_line(before.substr(line_start), offset - line_start, 1);
    mark.line = static_cast<int>(lines) + 1;
    return mark;
}

} // namespace

bool fit_to_parse(Reporter& reporter) {
    const std::string_view text = reporter.file().text;
    if (text.size() > most_bytes) {
        reporter.error({}, fmt::format("larger than {} KiB", most_bytes / 1024),
                       "is this the right file? Rules and settings are a few kilobytes");
        return false;
    }
    if (text.find('\0') != std::string_view::npos) {
        reporter.error({}, "not a text file", "is this the right file? It holds a zero byte");
        return false;
    }
    const std::size_t deep = NestingScan(text).run();
    if (deep != std::string_view::npos) {
        reporter.error(mark_of_offset(text, deep), fmt::format("nested deeper than {} levels", deepest),
                       "nothing in this file is used before this is mended");
        return false;
    }
    return true;
}

namespace {

class LeanReader {
  public:
    explicit LeanReader(std::string_view text) : rest_(text) {}

    Node node() {
        const std::string_view line = next();
        assert(!line.empty());
        const std::string_view content = line.substr(1);
        Node node;
        switch (line.front()) {
        case '{':
            node.members.reserve(size(content));
            for (std::size_t left = size(content); left > 0; --left) {
                const std::string_view key = next();
                node.members.push_back({{std::string(key), {}}, this->node()});
            }
            break;
        case '[':
            node.kind = Node::Kind::list;
            node.items.reserve(size(content));
            for (std::size_t left = size(content); left > 0; --left) {
                node.items.push_back(this->node());
            }
            break;
        case '?':
            node.kind = Node::Kind::boolean;
            node.truth = content == "1";
            break;
        case '#':
            node.kind = Node::Kind::number;
            node.number = base::parse_decimal(content).value_or(0);
            break;
        default:
            node.kind = Node::Kind::text;
            node.text = content;
        }
        return node;
    }

  private:
    std::string_view next() {
        const std::size_t end = rest_.find('\n');
        assert(end != std::string_view::npos);
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }

    static std::size_t size(std::string_view number) { return base::parse_unsigned(number).value_or(0); }

    std::string_view rest_;
};

} // namespace

Node read_lean(std::string_view text) {
    return LeanReader(text).node();
}

} // namespace rules
