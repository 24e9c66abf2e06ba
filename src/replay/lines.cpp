#include "replay/lines.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace replay {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr char escape = '\x1b';

void append_utf8(std::uint32_t code, std::string& text) {
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += static_cast<char>(0xC0 | (code >> 6));
        text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        text += static_cast<char>(0xE0 | (code >> 12));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (code & 0x3F));
    }
}

/// Without "ESC [ ... letter" and other escapes of two characters.
void strip_colours(std::string_view line, std::string& plain) {
    plain.clear();
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] != escape) {
            plain += line[at];
            continue;
        }
        ++at;
        if (at < line.size() && line[at] == '[') {
            ++at;
            while (at < line.size() && (line[at] < '@' || line[at] > '~')) {
                ++at;
            }
        }
    }
}

} // namespace

std::optional<std::string> utf8_of_utf16(std::string_view content) {
    const bool little = content.starts_with("\xFF\xFE");
    if (!little && !content.starts_with("\xFE\xFF")) {
        return std::nullopt;
    }
    std::string text;
    text.reserve(content.size() / 2);
    for (std::size_t at = 2; at + 1 < content.size(); at += 2) {
        const auto first = static_cast<unsigned char>(content[at]);
        const auto second = static_cast<unsigned char>(content[at + 1]);
        append_utf8(little ? first | (second << 8) : second | (first << 8), text);
    }
    return text;
}

Lines::Lines(std::string_view text) : text_(text), coloured_(text.find(escape) != std::string_view::npos) {
    if (text_.starts_with(byte_order_mark)) {
        next_ = byte_order_mark.size();
    }
}

bool Lines::next(std::string_view& line) {
    if (next_ >= text_.size()) {
        return false;
    }
    offset_ = next_;
    ++number_;
    const char* start = text_.data() + next_;
    const void* found = std::memchr(start, '\n', text_.size() - next_);
    ended_ = found != nullptr;
    const std::size_t length =
        ended_ ? static_cast<std::size_t>(static_cast<const char*>(found) - start) : text_.size() - next_;
    next_ += length + (ended_ ? 1 : 0);
    line = std::string_view(start, length);
    if (!line.empty() && (line.back() == '\r' || line.front() == '>' || coloured_)) {
        line = cleaned(line);
    }
    return true;
}

std::string_view Lines::cleaned(std::string_view line) {
    if (coloured_ && line.find(escape) != std::string_view::npos) {
        strip_colours(line, scratch_);
        line = scratch_;
    }
    while (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    while (line.starts_with('>')) {
        line.remove_prefix(1);
        if (line.size() > 1 && line.front() == ' ' && line[1] == '>') {
            line.remove_prefix(1);
        }
    }
    return line;
}

void Lines::go_to(std::size_t offset, std::size_t number) {
    next_ = offset;
    number_ = number - 1;
}

} // namespace replay
