// A document as a tree of plain values with their places, and what is wrong in the text that it was made
// from. The shipped rules are such trees, written by the build; toml.h makes them from what a person wrote.
// Knows nothing of rules.
#pragma once

#include "base/diagnostic.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

struct TextFile {
    std::string name; // as diagnostics show it
    std::string text;
};

/// Line and column count from 1, in characters; line 0: the file as a whole.
struct Mark {
    int line = 0;
    int column = 0;
    int length = 1;
};

/// Where the part of a TOML string value stands that begins `offset` bytes into the decoded value and has
/// `length` bytes. `string` marks the opening quote.
Mark mark_inside(std::string_view text, Mark string, std::size_t offset, std::size_t length);

/// The mark of the bytes `offset` to `offset + length` of a text of one line.
Mark mark_in_line(std::string_view line, std::size_t offset, std::size_t length);

/// Notes what is wrong with one text. Beyond a hundred mistakes it only counts.
class Reporter {
  public:
    Reporter(const TextFile& file, base::Diagnostics& out) : file_(file), out_(out) {}

    void error(Mark mark, std::string message, std::string advice);
    void warning(Mark mark, std::string message, std::string advice);

    const TextFile& file() const { return file_; }
    std::size_t errors() const { return errors_; }
    /// "NAME:LINE: first error (and 2 more mistakes)"; empty if there was no error.
    std::string one_line() const;

  private:
    void add(base::Weight weight, Mark mark, std::string message, std::string advice);

    const TextFile& file_;
    base::Diagnostics& out_;
    std::size_t errors_ = 0;
    std::size_t noted_ = 0;
    Mark first_place_;
    std::string first_; // in order of place
};

struct NodeKey {
    std::string_view name;
    Mark mark;
};

/// One value. Its texts and parts lie elsewhere: in the program, or in the Document that it belongs to.
struct Node {
    enum class Kind : std::uint8_t { text, number, boolean, date, list, table };
    struct Member;

    Kind kind = Kind::table;
    bool truth = false;
    std::uint32_t count = 0; // of the items of a list, or the members of a table
    Mark mark;
    std::string_view text; // also of a date
    double number = 0;     // of a date: its first second since the epoch
    const Node* first_item = nullptr;
    const Member* first_member = nullptr;

    std::span<const Node> items() const;
    std::span<const Member> members() const;
    const Member* find(std::string_view name) const;
};

struct Node::Member {
    NodeKey key;
    Node value;
};

inline std::span<const Node> Node::items() const {
    return {first_item, first_item != nullptr ? count : 0};
}

inline std::span<const Node::Member> Node::members() const {
    return {first_member, first_member != nullptr ? count : 0};
}

/// "a text", "a number", ... for messages.
std::string_view describe(Node::Kind kind);

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

    std::string_view text(std::string_view name) const;
    bool boolean(std::string_view name, bool otherwise) const;
    /// A list of texts.
    std::vector<std::string> texts(std::string_view name) const;
    /// A list of texts, or one text.
    std::vector<std::string> text_or_texts(std::string_view name) const;
    /// The members of a table, or nothing.
    std::span<const Node::Member> members(std::string_view name) const;
    /// A list of tables, or nothing. `header` is how each is written: "[[rule]]".
    std::span<const Node> tables(std::string_view name, std::string_view header) const;

  private:
    const Node& table_;
    std::string what_;
    Reporter& reporter_;
};

} // namespace rules
