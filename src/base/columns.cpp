#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace base {

namespace {

struct CodeRange {
    char32_t first;
    char32_t last;
};

/// Blocks whose characters take two columns (Unicode: East_Asian_Width W and F), and emoji. wcwidth(3) knows
/// them only in a UTF-8 locale, whose files a static program may not find; and what is written into a file
/// must not depend on it. Single symbols of other blocks count as one.
constexpr auto wide_codes = std::to_array<CodeRange>({
    {0x1100, 0x115F},   // Hangul
    {0x2E80, 0x303E},   // radicals and punctuation
    {0x3041, 0x4DBF},   // Kana, Bopomofo, enclosed letters, Han
    {0x4E00, 0xA4CF},   // Han, Yi
    {0xA960, 0xA97F},   // Hangul
    {0xAC00, 0xD7A3},   // Hangul
    {0xF900, 0xFAFF},   // Han
    {0xFE10, 0xFE19},   // vertical forms
    {0xFE30, 0xFE6F},   // compatibility forms
    {0xFF01, 0xFF60},   // full-width forms
    {0xFFE0, 0xFFE6},   // full-width signs
    {0x1F300, 0x1F64F}, // emoji
    {0x1F680, 0x1F6FF}, // emoji
    {0x1F900, 0x1FAFF}, // emoji
    {0x20000, 0x3FFFD}, // Han
});

bool is_wide(std::string_view character) {
    const char32_t code = character.size() < 3 ? 0 : code_point(character);
    return code >= wide_codes.front().first &&
           std::any_of(wide_codes.begin(), wide_codes.end(),
                       [&](const CodeRange& range) { return code >= range.first && code <= range.last; });
}

/// What must not begin a line of Chinese or Japanese: it belongs to the character before.
bool closes(std::string_view character) {
    constexpr std::string_view closing = "，。、；：？！）》」』】”’…%,.;:?!)";
    return closing.find(character) != std::string_view::npos;
}

/// What must not end one.
bool opens(std::string_view character) {
    constexpr std::string_view opening = "（《「『【“‘(";
    return opening.find(character) != std::string_view::npos;
}

/// How much of a word stands on one line: all of it, or up to the next place beside a wide character.
std::string_view unbroken(std::string_view word) {
    std::string_view before = first_character(word);
    std::size_t end = before.size();
    while (end < word.size()) {
        const std::string_view next = first_character(word.substr(end));
        if ((is_wide(before) || is_wide(next)) && !closes(next) && !opens(before)) {
            break;
        }
        before = next;
        end += next.size();
    }
    return word.substr(0, end);
}

} // namespace

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80; }));
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const std::string_view character = first_character(text);
        width += is_wide(character) ? 2 : 1;
        text.remove_prefix(character.size());
    }
    return width;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    std::size_t columns = 0;
    for (std::string_view word : words(text)) {
        for (bool is_first = true; !word.empty(); is_first = false) {
            const std::string_view part = unbroken(word);
            const std::size_t part_columns = display_width(part);
            const std::size_t space = is_first && !line.empty() ? 1 : 0;
            if (!line.empty() && columns + space + part_columns > width) {
                lines.push_back(std::move(line));
                line.clear();
                columns = 0;
            } else if (space > 0) {
                line += ' ';
                ++columns;
            }
            line += part;
            columns += part_columns;
            word.remove_prefix(part.size());
        }
    }
    if (!line.empty()) {
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace base
