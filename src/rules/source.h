// A text that a person wrote, places in it, and what is wrong there. Maps an offset within a TOML string back
// to the line and column of the file. Knows nothing of rules.
#pragma once

#include "base/diagnostic.h"

#include <cstddef>
#include <string>
#include <string_view>

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

} // namespace rules
