#include "replay/pasted.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <utility>

namespace replay {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// What is written for a sign, and the sign.
constexpr auto replacements = std::to_array<Pair>({
    {"\xC2\xA0", " "},                                                 // no-break space
    {"\xE2\x80\xAF", " "},                                             // narrow no-break space
    {"\xE3\x80\x80", " "},                                             // ideographic space
    {"\xE2\x80\x87", " "},                                             // figure space
    {"\xE2\x80\x82", " "},                                             // en space
    {"\xE2\x80\x83", " "},                                             // em space
    {"\xE2\x80\x89", " "},                                             // thin space
    {"\xE2\x80\x8B", ""},                                              // zero width space
    {"\xE2\x80\x8C", ""},  {"\xE2\x80\x8D", ""}, {"\xE2\x81\xA0", ""}, // word joiner
    {"\xEF\xBB\xBF", ""},                                              // byte order mark, wherever it stands
    {"\xC2\xAD", ""},                                                  // soft hyphen
    {"&gt;", ">"},         {"&lt;", "<"},        {"&nbsp;", " "},      {"&#160;", " "}, {"&#62;", ">"},
    {"&quot;", "\""},      {"&amp;", "&"},       {"<br>", ""},         {"<br/>", ""},   {"<br />", ""},
});

bool may_begin_replacement(char c) {
    return c == '&' || c == '<' || static_cast<unsigned char>(c) >= 0xC2;
}

/// Eight bytes at a time: most texts have none, and may be large.
bool has_suspects(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t at = 0;
    for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        if ((word & high_bits) != 0) {
            return true;
        }
    }
    const bool in_rest = std::any_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                                     [](char c) { return (c & '\x80') != 0; });
    return in_rest || text.find("&gt;") != std::string_view::npos ||
           text.find("&nbsp;") != std::string_view::npos || text.find("<br") != std::string_view::npos;
}

std::string replaced(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const auto found = may_begin_replacement(text[at])
                               ? std::find_if(replacements.begin(), replacements.end(),
                                              [&](const Pair& pair) { return rest.starts_with(pair.first); })
                               : replacements.end();
        if (found != replacements.end()) {
            plain += found->second;
            at += found->first.size();
        } else {
            plain += text[at++];
        }
    }
    return plain;
}

/// Latin letters in UTF-16 without a mark: every other byte is zero.
std::optional<std::string> of_unmarked_utf16(std::string_view content) {
    constexpr std::size_t enough = 64;
    if (content.size() < enough) {
        return std::nullopt;
    }
    std::array<std::size_t, 2> zeros{};
    for (std::size_t i = 0; i < enough; ++i) {
        zeros[i % 2] += content[i] == 0 ? 1U : 0U;
    }
    constexpr std::size_t nearly_all = enough / 2 - 4;
    const bool little = zeros[1] >= nearly_all && zeros[0] == 0;
    const bool big = zeros[0] >= nearly_all && zeros[1] == 0;
    if (!little && !big) {
        return std::nullopt;
    }
    std::string text;
    for (std::size_t at = 0; at + 1 < content.size(); at += 2) {
        const char high = content[at + (little ? 1 : 0)];
        text += high == 0 ? content[at + (little ? 0 : 1)] : '?';
    }
    return text;
}

/// A fence of code that stands on the line of its first or last row.
std::string without_glued_fences(std::string text) {
    constexpr std::string_view fence = "```";
    for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
        const bool starts = at == 0 || text[at - 1] == '\n';
        const std::size_t end = at + fence.size();
        const bool ends = end == text.size() || text[end] == '\n';
        if (starts != ends) {
            text.replace(at, fence.size(), starts ? "```\n" : "\n```");
            at += fence.size();
        }
    }
    return text;
}

bool has_glued_fence(std::string_view text) {
    const std::size_t at = text.find("```");
    const std::size_t last = at == std::string_view::npos ? at : text.rfind("```");
    return at != std::string_view::npos &&
           ((at + 3 < text.size() && text[at + 3] != '\n' && text[at + 3] != '\r') ||
            (last > 0 && text[last - 1] != '\n'));
}

} // namespace

std::optional<std::string> as_printed(std::string_view content) {
    std::optional<std::string> plain = of_unmarked_utf16(content);
    constexpr std::size_t head = 4096;
    if (!plain && content.substr(0, head).find('\0') != std::string_view::npos) {
        return std::nullopt; // no text
    }
    const auto now = [&] { return plain ? std::string_view(*plain) : content; };
    if (now().find('\n') == std::string_view::npos && now().find('\r') != std::string_view::npos) {
        std::string lines(now());
        std::replace(lines.begin(), lines.end(), '\r', '\n');
        plain = std::move(lines);
    }
    if (has_suspects(now())) {
        plain = replaced(now());
    }
    if (has_glued_fence(now())) {
        plain = without_glued_fences(std::string(now()));
    }
    return plain;
}

namespace {

/// Where a row begins in the line; none if there is none.
std::optional<std::size_t> row_in(std::string_view line, LineTest is_row) {
    constexpr std::size_t farthest = 160;
    for (std::size_t at = 0; at < std::min(line.size(), farthest); ++at) {
        const bool starts_word = at == 0 || (!std::isalnum(static_cast<unsigned char>(line[at - 1])) &&
                                             line[at - 1] != '-' && line[at - 1] != '_');
        if (starts_word && std::isalpha(static_cast<unsigned char>(line[at])) != 0 &&
            is_row(line.substr(at))) {
            return at;
        }
    }
    return std::nullopt;
}

/// What may be another date or number in the next line.
std::string without_numbers(std::string_view text) {
    std::string plain(text);
    std::replace_if(
        plain.begin(), plain.end(), [](char c) { return c >= '0' && c <= '9'; }, '0');
    return plain;
}

std::string_view without_tail(std::string_view line) {
    constexpr std::string_view junk = "\", |\r\t'";
    const std::size_t last = line.find_last_not_of(junk);
    return last == std::string_view::npos ? std::string_view() : line.substr(0, last + 1);
}

} // namespace

std::optional<std::string> without_prefixes(std::string_view text, LineTest is_row) {
    std::string plain;
    plain.reserve(text.size());
    bool changed = false;
    std::string prefix; // of the last row
    for (const std::string_view raw : base::split(text, '\n')) {
        std::string cells;
        std::string_view line = raw;
        if (base::trim(raw).starts_with("|-") || base::trim(raw).starts_with("|:") ||
            base::trim(raw).starts_with("| -")) {
            changed = true; // below the heading of a table of Markdown
            continue;
        }
        if (base::trim(raw).starts_with('|')) { // a table of Markdown
            cells = std::string(raw);
            std::replace(cells.begin(), cells.end(), '|', ' ');
            line = cells;
        }
        auto at = row_in(line, is_row);
        if (at) {
            prefix = without_numbers(line.substr(0, *at));
        } else if (!prefix.empty() && without_numbers(line.substr(0, prefix.size())) == prefix) {
            at = prefix.size(); // another line of the same text
        }
        const std::string_view row = at ? without_tail(line.substr(*at)) : raw;
        const bool is_as_printed = !at || (*at == 0 && cells.empty() && row == base::trim(line));
        changed = changed || !is_as_printed;
        plain.append(row).append("\n");
    }
    return changed ? std::optional(std::move(plain)) : std::nullopt;
}

std::optional<std::string> texts_of_json(std::string_view text) {
    const std::string_view start = base::trim(text);
    if (!start.starts_with('{') && !start.starts_with('[') && !start.starts_with('"')) {
        return std::nullopt;
    }
    std::string plain;
    bool inside = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"') {
            inside = !inside;
            plain += inside ? "" : "\n";
        } else if (inside && c == '\\' && at + 1 < text.size()) {
            const char next = text[++at];
            plain += next == 'n' ? '\n' : next == 't' || next == 'r' ? ' ' : next;
        } else if (inside) {
            plain += c;
        }
    }
    return plain;
}

std::optional<std::string> unwrapped(std::string_view text) {
    constexpr std::size_t narrowest = 40;
    const auto lines = base::split(text, '\n');
    std::size_t width = 0;
    for (const std::string_view line : lines) {
        width = std::max(width, line.ends_with('\r') ? line.size() - 1 : line.size());
    }
    std::string plain;
    plain.reserve(text.size());
    std::size_t joints = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string_view line = lines[i];
        line.remove_suffix(line.ends_with('\r') ? 1 : 0);
        plain += line;
        const bool goes_on = line.size() == width && i + 1 < lines.size() && !lines[i + 1].empty();
        joints += goes_on ? 1 : 0;
        plain += goes_on ? "" : "\n";
    }
    return joints > 0 && width >= narrowest ? std::optional(std::move(plain)) : std::nullopt;
}

} // namespace replay
