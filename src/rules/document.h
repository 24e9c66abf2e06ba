// A TOML text as a tree of plain values with their places: the door to toml++. Bounded in size and depth, so
// that a hostile file is an error and not a crash.
#pragma once

#include "rules/source.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

struct Key {
    std::string name;
    Mark mark;
};

struct Node {
    enum class Kind { text, number, boolean, date, list, table };
    struct Member;

    Kind kind = Kind::table;
    Mark mark;
    std::string text;  // also of a date
    double number = 0; // of a date: its first second since the epoch
    bool truth = false;
    std::vector<Node> items;
    std::vector<Member> members;

    const Member* find(std::string_view name) const;
};

struct Node::Member {
    Key key;
    Node value;
};

/// "a text", "a number", ... for messages.
std::string_view describe(Node::Kind kind);

/// The whole document as a table; none after a syntax error, which is reported.
std::optional<Node> parse_document(Reporter& reporter);

/// Reads the keys of one table: wrong types and keys that nobody knows are reported.
class TableReader {
  public:
    /// `what` is how messages call the table: "a rule". Every key outside `known` is reported at once.
    TableReader(const Node& table, std::string_view what, std::span<const std::string_view> known,
                Reporter& reporter);

    /// The value of a key if it is there and has this kind.
    const Node* get(std::string_view name, Node::Kind kind) const;
    const Node* get_any(std::string_view name) const;
    /// The same, and an error if it is not there.
    const Node* require(std::string_view name, Node::Kind kind, std::string_view advice) const;

    std::string text(std::string_view name) const;
    bool boolean(std::string_view name, bool otherwise) const;
    /// A list of texts.
    std::vector<std::string> texts(std::string_view name) const;
    /// A list of texts, or one text.
    std::vector<std::string> text_or_texts(std::string_view name) const;
    /// A list of tables, or nothing. `header` is how each is written: "[[rule]]".
    std::span<const Node> tables(std::string_view name, std::string_view header) const;

  private:
    const Node& table_;
    std::string what_;
    Reporter& reporter_;
};

} // namespace rules
