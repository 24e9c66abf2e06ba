// What a person wrote wrong: the place, the line itself with a caret, and advice. Collected, so that all
// mistakes are shown at once. Knows nothing of TOML or rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace base {

/// Line and column count from 1; 0 means unknown. The column counts characters, not bytes.
struct Position {
    std::string file; // a path, or what stands for one: "--set", "shipped:ports.toml"
    int line = 0;
    int column = 0;
};

enum class Weight { warning, error };

struct Diagnostic {
    Weight weight = Weight::error;
    Position position;
    std::string message;     // one sentence without a final stop
    std::string source_line; // the line at `position`, empty if there is none
    int length = 1;          // columns to underline
    std::string advice;      // what to do about it; may be empty
};

class Diagnostics {
  public:
    void add(Diagnostic diagnostic);
    void add(const Diagnostics& others);

    bool empty() const { return items_.empty(); }
    bool has_errors() const;

    /// In order of file, line and column.
    std::vector<Diagnostic> sorted() const;

  private:
    std::vector<Diagnostic> items_;
};

/// "file:line:column: error: message", the source line, a caret under it and the advice. Ends with a newline.
std::string to_text(const Diagnostic& diagnostic);

/// All of them, in order.
std::string to_text(const Diagnostics& diagnostics);

/// Line number `line` (from 1) of `text`, without its line end; empty if there is none.
std::string_view line_of(std::string_view text, int line);

} // namespace base
