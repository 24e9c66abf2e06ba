// What text for people is built of: paragraphs that wrap under a hanging prefix, colours that only repeat
// what a word says already, aligned tables, bars, and the diagram of TCP's states.
#pragma once

#include "base/gap.h"
#include "facts/answers.h"
#include "findings/report.h"
#include "render/formats.h"

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace render {

/// Foreign text, made safe and wrapped to the style's width; later lines stand under the end of `prefix`.
/// Blank lines in it separate paragraphs.
void paragraph(std::ostream& out, const Style& style, std::string_view prefix, std::string_view text);

/// A command for copying, made safe but never wrapped; each of its lines stands under the end of `prefix`.
void command(std::ostream& out, std::string_view prefix, std::string_view text);

/// "db1, Linux 6.1.0, 2026-03-01T02:03:04Z": what is known of it; no line if nothing is.
void origin_line(std::ostream& out, const Style& style, const Origin& origin);

/// Where the answer comes from, then one namespace after the other.
template <typename Netns, typename Write>
void each_netns(const Origin& origin, const std::vector<Netns>& namespaces, const Style& style,
                std::ostream& out, Write write) {
    if (style.verbosity >= 0) {
        origin_line(out, style, origin);
        out << '\n';
    }
    if (namespaces.empty()) {
        out << "no namespace was looked at\n";
    }
    bool first = true;
    for (const Netns& netns : namespaces) {
        out << (first ? "" : "\n");
        first = false;
        write(netns);
    }
}

/// A heading and a line for each gap, nothing if there are none. What is absent by design is left to -v.
void gap_list(std::ostream& out, const Style& style, const std::vector<base::Gap>& gaps);

/// `word` in the colour of the state, if the style has colours.
std::string paint(const Style& style, findings::State state, std::string_view word);

/// `word` in bold, if the style has colours.
std::string bold(const Style& style, std::string_view word);

// Aligned tables: numbers to the right, words to the left, widths in characters and not in bytes. Cells must
// be safe for a terminal already.

enum class Align { left, right };

struct TextColumn {
    std::string title;
    Align align = Align::left;
};

class TextTable {
  public:
    explicit TextTable(std::vector<TextColumn> columns);

    /// One cell for each column.
    void add_row(std::vector<std::string> cells);

    /// The title line and a line for each row, columns two spaces apart, no spaces at line ends.
    std::vector<std::string> lines() const;

    void write(std::ostream& out) const;

    /// Columns of the widest line possible.
    std::size_t width() const;

  private:
    std::vector<std::size_t> widths() const;

    std::vector<TextColumn> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// Bars for where people would rather look than read.

enum class Ink { unicode, ascii };

/// What the style's terminal can show.
Ink ink_of(const Style& style);

/// `part` of `whole` as a bar of at most `width` columns; what is not zero shows at least a sliver. No
/// padding.
std::string bar(double part, double whole, std::size_t width, Ink ink);

/// The same between brackets and padded: "[####    ]", `width` columns inside.
std::string gauge(double part, double whole, std::size_t width, Ink ink);

// The life of a TCP connection with this host's counts in it, for those who have not drawn it since
// university.

/// 72 columns wide; a state that was not counted shows "-".
void state_diagram(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states);

} // namespace render
