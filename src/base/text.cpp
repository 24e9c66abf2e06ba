#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace base {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Optimal string alignment: insert, delete, replace or swap neighbours, each at cost 1.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        d[i][0] = i;
    }
    for (std::size_t j = 0; j <= b.size(); ++j) {
        d[0][j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.size()][b.size()];
}

struct UnsafeRange {
    char32_t first;
    char32_t last;
};

/// Controls, what moves or breaks lines, what nobody sees (Unicode: Default_Ignorable_Code_Point), and what
/// no XML may hold.
constexpr auto unsafe_codes = std::to_array<UnsafeRange>({
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
    {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
});

bool is_unsafe(char32_t code) {
    return std::any_of(unsafe_codes.begin(), unsafe_codes.end(),
                       [&](const UnsafeRange& range) { return code >= range.first && code <= range.last; });
}

/// Hands on runs of safe text, and one by one what is not: the sequence, and its code or none if it is no
/// UTF-8.
template <typename Safe, typename Unsafe>
void take_apart(std::string_view text, Safe&& safe, Unsafe&& unsafe) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = at;
        while (end < text.size() && text[end] >= ' ' && text[end] < 0x7F) { // nearly all there is
            ++end;
        }
        if (end > at) {
            safe(text.substr(at, end - at));
            at = end;
            continue;
        }
        const std::size_t length = utf8_length(text.substr(at));
        const std::string_view sequence = text.substr(at, std::max<std::size_t>(length, 1));
        const auto code = length > 0 ? std::optional(code_point(sequence)) : std::nullopt;
        if (code && !is_unsafe(*code)) {
            safe(sequence);
        } else {
            unsafe(sequence, code);
        }
        at += sequence.size();
    }
}

void append_json_escape(std::string& out, char32_t code) {
    constexpr char32_t first_of_pairs = 0x10000;
    if (code < first_of_pairs) {
        out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
        return;
    }
    const auto rest = static_cast<std::uint32_t>(code - first_of_pairs);
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10U), 0xDC00 + (rest & 0x3FFU));
}

} // namespace

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        const std::size_t start = at;
        while (at < text.size() && !is_blank(text[at])) {
            ++at;
        }
        parts.push_back(text.substr(start, at - start));
    }
    return parts;
}

std::string one_line(std::string_view text) {
    std::string line;
    for (const std::string_view word : words(text)) {
        if (!line.empty()) {
            line += ' ';
        }
        line += word;
    }
    return line;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text.append(i > 0 ? separator : "").append(parts[i]);
    }
    return text;
}

std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates) {
    if (word.size() > 64) {
        return std::nullopt;
    }
    // two letters of a short word make another word of it: then the first one must be right at least
    const bool is_short = word.size() < 6;
    const std::size_t most = word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3);
    const std::string* best = nullptr;
    std::size_t best_distance = most;
    for (const std::string& candidate : candidates) {
        const bool prefix = word.size() >= 3 && candidate.starts_with(word);
        const std::size_t d = prefix ? 1 : distance(word, candidate);
        if (is_short && d > 1 && candidate.front() != word.front()) {
            continue;
        }
        if (d < best_distance || (d == best_distance && best == nullptr)) {
            best = &candidate;
            best_distance = d;
        }
    }
    return best != nullptr ? std::optional(*best) : std::nullopt;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    const auto match = closest(word, candidates);
    return match ? ", did you mean '" + *match + "'?" : std::string();
}

std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    const bool too_large = first == 0xF4 && byte(1) >= 0x90;
    return overlong || surrogate || too_large ? 0 : length;
}

char32_t code_point(std::string_view sequence) {
    const auto first = static_cast<std::uint8_t>(sequence[0]);
    if (sequence.size() == 1) {
        return first;
    }
    char32_t code = first & (0x7FU >> sequence.size());
    for (const char c : sequence.substr(1)) {
        code = code << 6U | (static_cast<std::uint8_t>(c) & 0x3FU);
    }
    return code;
}

std::string_view first_character(std::string_view text) {
    return text.empty() ? text : text.substr(0, std::max<std::size_t>(utf8_length(text), 1));
}

std::string lower_ascii(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return lower;
}

std::string printable(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    take_apart(
        text, [&](std::string_view run) { safe += run; },
        [&](std::string_view, std::optional<char32_t>) { safe += '?'; });
    return safe;
}

std::string json_printable(std::string_view json) {
    std::string safe;
    safe.reserve(json.size());
    take_apart(
        json, [&](std::string_view run) { safe += run; },
        [&](std::string_view sequence, std::optional<char32_t> code) {
            if (code && *code >= ' ') {
                append_json_escape(safe, *code);
            } else {
                safe += sequence; // line ends between the values
            }
        });
    return safe;
}

std::string plugin_safe(std::string_view text) {
    std::string safe = printable(text);
    std::replace(safe.begin(), safe.end(), '|', '/');
    std::replace(safe.begin(), safe.end(), ';', ','); // Nagios rewrites it on line 1
    return safe;
}

std::string nagios_safe(std::string_view text) {
    std::string safe = plugin_safe(text);
    std::replace_if(
        safe.begin(), safe.end(),
        [](char c) { return std::string_view("`~$&'\"<>").find(c) != std::string_view::npos; }, ' ');
    return safe;
}

bool is_plain_in_shell(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._-,:/+@ ").find(c) != std::string_view::npos;
    });
}

std::string shell_word(std::string_view text) {
    const bool is_word = !text.empty() && text.find(' ') == std::string_view::npos;
    return is_word && is_plain_in_shell(text) ? std::string(text) : shell_quoted(text);
}

std::string shell_quoted(std::string_view text) {
    if (is_plain_in_shell(text)) {
        return '"' + std::string(text) + '"';
    }
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word + "'";
}

} // namespace base
