#include "render/table.h"

#include "base/text.h"
#include "render/words.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace render {

namespace {

constexpr int widest_prose = 100; // longer lines are hard to read, however wide the terminal is
constexpr int narrowest_prose = 20;

std::string coloured(const Style& style, std::string_view code, std::string_view word) {
    return style.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, word) : std::string(word);
}

constexpr std::size_t space_between = 2;

std::string line_of(const std::vector<std::string>& cells, const std::vector<TextColumn>& columns,
                    const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths[i] - std::min(widths[i], base::display_width(cells[i])), ' ');
        line += columns[i].align == Align::left ? cells[i] + padding : padding + cells[i];
        line.append(space_between, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

constexpr std::array<std::string_view, 9> eighths = {"",       "\u258f", "\u258e", "\u258d", "\u258c",
                                                     "\u258b", "\u258a", "\u2589", "\u2588"};

/// A field in braces is as wide as what takes its place.
constexpr std::array<std::string_view, 17> drawing = {
    "       connect()                                       listen()",
    "           │                                               │",
    " {SYN_SENT          }                             {LISTEN            }",
    "           │                                               │ SYN arrives",
    "           │                                      {SYN_RECV          }",
    "           │                                               │",
    "           └──────────▶  {ESTABLISHED       }  ◀───────────┘",
    "                             │          │",
    "           ┌─────────────────┘          └──────────────────┐",
    "           │ this end closes      the other end closes     │",
    " {FIN_WAIT1         }                             {CLOSE_WAIT        }",
    "           │           └─▶ {CLOSING         }              │ close()",
    " {FIN_WAIT2         }               │             {LAST_ACK          }",
    "           │                        │                      │",
    " {TIME_WAIT         }  ◀────────────┘                      │",
    "           │ 60 s                                          │",
    "         gone                                            gone",
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> plain_lines = {{{"│", "|"},
                                                                                       {"─", "-"},
                                                                                       {"┌", "+"},
                                                                                       {"┐", "+"},
                                                                                       {"└", "+"},
                                                                                       {"┘", "+"},
                                                                                       {"▶", ">"},
                                                                                       {"◀", "<"},
                                                                                       {"├", "+"}}};

std::string filled(std::string_view line, const std::vector<facts::StateCount>& states) {
    std::string text(line);
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open)) {
        const std::size_t width = text.find('}', open) + 1 - open;
        const std::string_view name = base::trim(std::string_view(text).substr(open + 1, width - 2));
        const auto count = count_of_state(states, name);
        std::string field = clip(std::string(name) + ' ' + (count ? std::to_string(*count) : "-"), width);
        const std::size_t padding = width - field.size();
        field.insert(0, padding / 2, ' ');
        field.append(padding - padding / 2, ' ');
        text.replace(open, width, field);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

std::string ascii(std::string text) {
    for (const auto& [line, plain] : plain_lines) {
        for (std::size_t at = text.find(line); at != std::string::npos; at = text.find(line, at)) {
            text.replace(at, line.size(), plain);
        }
    }
    return text;
}

} // namespace

void paragraph(std::ostream& out, const Style& style, std::string_view prefix, std::string_view text) {
    const auto indent = base::display_width(prefix);
    const int room = std::min(style.width, widest_prose) - static_cast<int>(indent);
    const auto width = static_cast<std::size_t>(std::max(room, narrowest_prose));
    std::string start(prefix);
    bool first = true;
    for (const std::string& part : paragraphs_of(text)) {
        if (!first) {
            out << '\n';
        }
        first = false;
        for (const std::string& line : base::wrap(safe_line(part), width)) {
            out << start << line << '\n';
            start.assign(indent, ' ');
        }
    }
}

void command(std::ostream& out, std::string_view prefix, std::string_view text) {
    std::string start(prefix);
    for (const std::string_view line : base::split(base::trim(text), '\n')) {
        out << start << base::printable(line) << '\n';
        start.assign(base::display_width(prefix), ' ');
    }
}

void origin_line(std::ostream& out, const Style& style, const Origin& origin) {
    std::string text = origin_text(origin.host, origin.kernel, origin.time);
    if (!origin.version.empty()) {
        text += (text.empty() ? "tcpadvisor " : ", tcpadvisor ") + origin.version;
    }
    if (!origin.assumed.empty()) {
        text += (text.empty() ? "as if " : ", as if ") + base::join(origin.assumed, ", ");
    }
    if (!text.empty()) {
        paragraph(out, style, "", text);
    }
}

void gap_list(std::ostream& out, const Style& style, const std::vector<base::Gap>& gaps) {
    bool first = true;
    for (const base::Gap& gap : gaps) {
        if (gap.why == base::Why::absent && style.verbosity < 1) {
            continue;
        }
        if (first) {
            out << '\n' << bold(style, "Not seen") << '\n';
            first = false;
        }
        paragraph(out, style, "  ", base::to_text(gap));
    }
}

std::string paint(const Style& style, findings::State state, std::string_view word) {
    switch (state) {
    case findings::State::ok:
        return coloured(style, "1;32", word);
    case findings::State::info:
        return coloured(style, "1;36", word);
    case findings::State::unknown:
        return coloured(style, "1;35", word);
    case findings::State::warning:
        return coloured(style, "1;33", word);
    case findings::State::critical:
        return coloured(style, "1;31", word);
    }
    return std::string(word);
}

std::string bold(const Style& style, std::string_view word) {
    return coloured(style, "1", word);
}

TextTable::TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

void TextTable::add_row(std::vector<std::string> cells) {
    assert(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> TextTable::widths() const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = base::display_width(columns_[i].title);
        for (const auto& row : rows_) {
            width = std::max(width, base::display_width(row[i]));
        }
        widths.push_back(width);
    }
    return widths;
}

std::size_t TextTable::width() const {
    const auto all = widths();
    const std::size_t spaces = all.empty() ? 0 : (all.size() - 1) * space_between;
    return std::accumulate(all.begin(), all.end(), spaces);
}

std::vector<std::string> TextTable::lines() const {
    const auto all = widths();
    std::vector<std::string> titles;
    for (const TextColumn& column : columns_) {
        titles.push_back(column.title);
    }
    std::vector<std::string> lines{line_of(titles, columns_, all)};
    for (const auto& row : rows_) {
        lines.push_back(line_of(row, columns_, all));
    }
    return lines;
}

void TextTable::write(std::ostream& out) const {
    for (const std::string& line : lines()) {
        out << line << '\n';
    }
}

std::string bar(double part, double whole, std::size_t width, Ink ink) {
    const double share = part / whole;
    if (!(share > 0) || !(whole > 0)) {
        return {};
    }
    const std::size_t steps_in_a_column = ink == Ink::unicode ? eighths.size() - 1 : 1;
    const auto most = static_cast<double>(width * steps_in_a_column);
    const auto steps = static_cast<std::size_t>(std::max(1.0, std::round(std::min(share, 1.0) * most)));
    std::string text;
    for (std::size_t i = 0; i < steps / steps_in_a_column; ++i) {
        text += ink == Ink::unicode ? eighths.back() : "#";
    }
    return ink == Ink::unicode ? text + std::string(eighths[steps % steps_in_a_column]) : text;
}

Ink ink_of(const Style& style) {
    return style.unicode ? Ink::unicode : Ink::ascii;
}

std::string gauge(double part, double whole, std::size_t width, Ink ink) {
    const std::string filled = bar(part, whole, width, ink);
    return '[' + filled + std::string(width - std::min(width, base::display_width(filled)), ' ') + ']';
}

void state_diagram(std::ostream& out, const Style& style, const std::vector<facts::StateCount>& states) {
    for (const std::string_view line : drawing) {
        const std::string text = filled(line, states);
        out << (style.unicode ? text : ascii(text)) << '\n';
    }
}

} // namespace render
