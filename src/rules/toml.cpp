#include "rules/toml.h"

#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace rules {
namespace {

struct AssertionFailed : std::exception {};

[[noreturn]] void fail_assertion() {
    throw AssertionFailed();
}

} // namespace
} // namespace rules

// Some of the library's assertions can be reached by what a person wrote. Without them the same line would be
// undefined behaviour, so they stay, and throw.
#undef NDEBUG
#define TOML_ASSERT(expr) (static_cast<bool>(expr) ? static_cast<void>(0) : rules::fail_assertion())
#include <toml++/toml.h>

namespace rules {
namespace {

constexpr std::size_t most_bytes = 256UL * 1024;
constexpr int deepest_table = 32; // brackets in brackets, or dots in one key
constexpr const char* unused_file = "nothing in this file is used before this is mended";

bool is_ascii(char c) {
    return static_cast<std::uint8_t>(c) < 0x80;
}

/// The character at the start of a text; empty if it is no UTF-8.
std::string_view first_character(std::string_view text) {
    return text.empty() ? text : text.substr(0, base::utf8_length(text));
}

struct Obstacle {
    std::size_t offset;
    std::string message;
};

/// Looks at a text before the parser does, for what would exhaust its stack or is undefined there: toml++ 3.3
/// and 3.4 must not look for white space among characters beyond ASCII. Knows quotes, comments and brackets,
/// nothing else.
class Scan {
  public:
    explicit Scan(std::string_view text) : text_(text) {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        at_ = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    }

    /// The first thing that the parser must not see.
    std::optional<Obstacle> run() {
        while (at_ < text_.size() && !obstacle_) {
            const char c = text_[at_];
            if ((c == '"' || c == '\'') && string_may_begin()) {
                skip_string(c);
                before_ = c;
            } else if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else {
                look_at(c);
                before_ = c == ' ' || c == '\t' ? before_ : c;
                ++at_;
            }
        }
        return std::move(obstacle_);
    }

    /// The text as the parser may see it: a character beyond ASCII is escaped where a string goes on behind
    /// the backslash that ended a line.
    std::string harmless() const {
        std::string text;
        std::size_t done = 0;
        for (const std::size_t offset : continued_) {
            const std::string_view character = first_character(text_.substr(offset));
            text += text_.substr(done, offset - done);
            text += fmt::format("\\U{:08X}", code_point(character));
            done = offset + character.size();
        }
        return text += text_.substr(done);
    }

  private:
    static std::uint32_t code_point(std::string_view character) {
        const auto lead_bits = static_cast<std::uint32_t>(0x7F >> character.size());
        std::uint32_t value = static_cast<std::uint8_t>(character[0]) & lead_bits;
        for (const char c : character.substr(1)) {
            value = value << 6 | (static_cast<std::uint8_t>(c) & 0x3F);
        }
        return value;
    }

    /// Else the parser takes the quote for a part of what stands before it.
    bool string_may_begin() const {
        return std::string_view("\n=[{,.").find(before_) != std::string_view::npos;
    }

    void look_at(char c) {
        if (c == '\n' || c == '=' || c == ',') {
            dots_ = 0;
        }
        dots_ += c == '.' ? 1 : 0;
        brackets_ += c == '[' || c == '{' ? 1 : 0;
        brackets_ -= (c == ']' || c == '}') && brackets_ > 0 ? 1 : 0;
        if (dots_ > deepest_table || brackets_ > deepest_table) {
            obstacle_ = {at_, fmt::format("nested deeper than {} levels", deepest_table)};
        } else if (const auto foreign = foreign_at(at_); !foreign.empty()) {
            obstacle_ = {at_, fmt::format("not TOML: '{}' stands outside quotes", base::printable(foreign))};
        }
    }

    /// A character beyond ASCII; empty if there is none. The parser says by itself what is no UTF-8.
    std::string_view foreign_at(std::size_t offset) const {
        return offset < text_.size() && !is_ascii(text_[offset]) ? first_character(text_.substr(offset))
                                                                 : std::string_view();
    }

    void skip_string(char quote) {
        const std::string triple(3, quote);
        const bool multi_line = text_.substr(at_).starts_with(triple);
        at_ += multi_line ? 3 : 1;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\' && quote == '"') {
                if (multi_line) {
                    look_behind_backslash();
                }
                ++at_;
            } else if (multi_line ? text_.substr(at_).starts_with(triple)
                                  : text_[at_] == quote || text_[at_] == '\n') {
                at_ += multi_line ? 3 : 1;
                skip_last_quotes(multi_line ? 2 : 0, quote);
                return;
            }
        }
    }

    /// Two quotes may stand in front of the three that end a string.
    void skip_last_quotes(int most, char quote) {
        for (int i = 0; i < most && at_ < text_.size() && text_[at_] == quote; ++i) {
            ++at_;
        }
    }

    void look_behind_backslash() {
        const std::size_t next = std::min(text_.find_first_not_of(" \t\r\n", at_ + 1), text_.size());
        const std::string_view foreign = foreign_at(next);
        if (foreign.empty() || obstacle_) {
            return;
        }
        if (next == at_ + 1) {
            obstacle_ = {at_, fmt::format("not TOML: string: unknown escape sequence '\\{}'",
                                          base::printable(foreign))};
        } else {
            continued_.push_back(next);
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    char before_ = '\n'; // the last character that is no blank
    int dots_ = 0;
    int brackets_ = 0;
    std::optional<Obstacle> obstacle_;
    std::vector<std::size_t> continued_;
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

/// False, and an error, if the text is binary or too large.
bool is_readable(Reporter& reporter) {
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
    return true;
}

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

/// Copies the library's tree.
class Converter {
  public:
    explicit Converter(Document& document) : document_(document) {}

    Node convert(const toml::node& source) {
        Node node;
        node.mark = mark_of(source.source());
        if (const auto* table = source.as_table()) {
            convert_table(*table, node);
        } else if (const auto* array = source.as_array()) {
            convert_list(*array, node);
        } else if (const auto* text = source.as_string()) {
            node.kind = Node::Kind::text;
            node.text = keep(text->get());
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
                node.text = keep(
                    fmt::format("{:04}-{:02}-{:02}", date->get().year, date->get().month, date->get().day));
            }
        }
        return node;
    }

  private:
    std::string_view keep(std::string text) { return document_.texts.emplace_back(std::move(text)); }

    void convert_table(const toml::table& source, Node& node) {
        std::vector<Node::Member> members;
        members.reserve(source.size());
        for (const auto& [key, value] : source) {
            members.push_back({{keep(std::string(key.str())), mark_of(key.source())}, convert(value)});
        }
        node.count = static_cast<std::uint32_t>(members.size());
        node.first_member = document_.tables.emplace_back(std::move(members)).data();
    }

    void convert_list(const toml::array& source, Node& node) {
        std::vector<Node> items;
        items.reserve(source.size());
        for (const toml::node& item : source) {
            items.push_back(convert(item));
        }
        node.kind = Node::Kind::list;
        node.count = static_cast<std::uint32_t>(items.size());
        node.first_item = document_.lists.emplace_back(std::move(items)).data();
    }

    Document& document_;
};

/// What the parser says, in words of the person who made the most common mistakes.
std::string syntax_message(std::string_view description, std::string_view text, Mark mark) {
    const auto says = [&](std::string_view what) { return description.find(what) != std::string_view::npos; };
    if (says("invalid utf-8")) {
        return "not UTF-8";
    }
    const std::size_t width = base::code_points(base::line_of(text, mark.line));
    if (says("control characters") && mark.column > static_cast<int>(width)) {
        return "not TOML: a text has no closing quote";
    }
    constexpr std::string_view noise = "Error while parsing ";
    const std::string_view rest =
        description.starts_with(noise) ? description.substr(noise.size()) : description;
    return base::printable(fmt::format("not TOML: {}", rest));
}

bool fails_within(std::string_view text) {
    try {
        static_cast<void>(toml::parse(text));
    } catch (const toml::parse_error&) {
        return false;
    } catch (const std::exception&) {
        return true;
    }
    return false;
}

/// An assertion says no place, but it fails as soon as the parser has read so far: the last character of the
/// shortest text for which it does.
std::size_t offset_of_failure(std::string_view text) {
    std::size_t good = 0;
    std::size_t bad = text.size();
    while (bad - good > 1) {
        std::size_t middle = good + (bad - good) / 2;
        while (middle > good && base::utf8_length(text.substr(middle)) == 0) {
            --middle; // not inside a character
        }
        if (middle == good) {
            break;
        }
        (fails_within(text.substr(0, middle)) ? bad : good) = middle;
    }
    return good;
}

} // namespace

std::shared_ptr<const Document> parse_document(Reporter& reporter) {
    if (!is_readable(reporter)) {
        return nullptr;
    }
    const std::string& text = reporter.file().text;
    constexpr const char* quotes_wanted =
        "texts stand in quotes; nothing in this file is used before this is mended";
    Scan scan(text);
    if (const auto obstacle = scan.run()) {
        const bool syntax = obstacle->message.starts_with("not TOML");
        reporter.error(mark_of_offset(text, obstacle->offset), obstacle->message,
                       syntax ? quotes_wanted : unused_file);
        return nullptr;
    }
    const std::string harmless = scan.harmless();
    try {
        const toml::table table = toml::parse(harmless);
        auto document = std::make_shared<Document>();
        document->root = Converter(*document).convert(table);
        return document;
    } catch (const toml::parse_error& error) {
        const Mark mark = mark_of(error.source());
        reporter.error(mark, syntax_message(error.description(), text, mark), quotes_wanted);
    } catch (const std::exception&) {
        const std::size_t offset = offset_of_failure(harmless);
        reporter.error(mark_of_offset(harmless, offset),
                       fmt::format("not TOML: unexpected '{}'", base::printable(harmless.substr(offset, 1))),
                       quotes_wanted);
    }
    return nullptr;
}

} // namespace rules
