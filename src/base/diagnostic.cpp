#include "base/diagnostic.h"

#include "base/text.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace base {
namespace {

std::string place_text(const Position& position) {
    if (position.line == 0) {
        return position.file;
    }
    return position.column == 0 ? fmt::format("{}:{}", position.file, position.line)
                                : fmt::format("{}:{}:{}", position.file, position.line, position.column);
}

/// The part of a long line around the place, so that a megabyte on one line does not fill the screen.
struct Excerpt {
    std::string text;
    std::size_t column; // of the place in `text`, from 1
};

Excerpt excerpt(const std::string& line, int column) {
    constexpr std::size_t widest = 100;
    std::string safe;
    for (const char c : line) {
        safe += c == '\t' ? ' ' : c; // a tab would shift the caret
    }
    safe = printable(safe);
    const auto at = static_cast<std::size_t>(std::max(column, 1));
    if (display_width(safe) <= widest) {
        return {safe, at};
    }
    std::size_t byte = 0;
    for (std::size_t seen = 1; seen + 40 < at && byte < safe.size(); ++seen) {
        do {
            ++byte;
        } while (byte < safe.size() && (static_cast<unsigned char>(safe[byte]) & 0xC0) == 0x80);
    }
    const std::size_t skipped = display_width(std::string_view(safe).substr(0, byte));
    std::string part = safe.substr(byte, widest);
    while (!part.empty() &&
           (static_cast<unsigned char>(safe[std::min(byte + part.size(), safe.size() - 1)]) & 0xC0) == 0x80) {
        part.pop_back();
    }
    return {part, at - skipped};
}

} // namespace

void Diagnostics::add(Diagnostic diagnostic) {
    items_.push_back(std::move(diagnostic));
}

void Diagnostics::add(const Diagnostics& others) {
    items_.insert(items_.end(), others.items_.begin(), others.items_.end());
}

bool Diagnostics::has_errors() const {
    return std::any_of(items_.begin(), items_.end(),
                       [](const Diagnostic& d) { return d.weight == Weight::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
    std::vector<Diagnostic> ordered = items_;
    const auto key = [](const Diagnostic& d) {
        return std::tie(d.position.file, d.position.line, d.position.column);
    };
    std::stable_sort(ordered.begin(), ordered.end(),
                     [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
    return ordered;
}

std::string to_text(const Diagnostic& diagnostic) {
    std::string text =
        fmt::format("{}: {}: {}\n", place_text(diagnostic.position),
                    diagnostic.weight == Weight::error ? "error" : "warning", diagnostic.message);
    if (!diagnostic.source_line.empty() && diagnostic.position.column > 0) {
        const Excerpt shown = excerpt(diagnostic.source_line, diagnostic.position.column);
        const std::size_t width = display_width(shown.text);
        const std::size_t room = width >= shown.column ? width - shown.column + 1 : 1;
        const auto length =
            std::clamp<std::size_t>(static_cast<std::size_t>(std::max(diagnostic.length, 1)), 1, room);
        text += fmt::format("    {}\n    {}^{}\n", shown.text, std::string(shown.column - 1, ' '),
                            std::string(length - 1, '~'));
    }
    if (!diagnostic.advice.empty()) {
        text += fmt::format("    {}\n", diagnostic.advice);
    }
    return text;
}

std::string to_text(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.sorted()) {
        text += to_text(diagnostic);
    }
    return text;
}

std::string_view line_of(std::string_view text, int line) {
    for (int at = 1; at < line; ++at) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    return text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
}

} // namespace base
