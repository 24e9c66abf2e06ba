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
    std::size_t column; // of the place in `text`, in characters from 1
};

/// At most `count` characters of `text` behind the first `skipped` ones.
std::string_view characters(std::string_view text, std::size_t skipped, std::size_t count) {
    const auto drop = [](std::string_view& from, std::size_t most) {
        for (std::size_t i = 0; i < most && !from.empty(); ++i) {
            from.remove_prefix(first_character(from).size());
        }
    };
    drop(text, skipped);
    std::string_view behind = text;
    drop(behind, count);
    text.remove_suffix(behind.size());
    return text;
}

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
    constexpr std::size_t before = 40;
    const std::size_t skipped = std::min(at - std::min(at, before + 1), code_points(safe));
    std::string part(characters(safe, skipped, widest));
    while (display_width(part) > widest) {
        part = characters(part, 0, code_points(part) - 1);
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
        const std::size_t before = shown.column - 1;
        const std::size_t beyond = before - std::min(before, code_points(shown.text));
        const auto length = static_cast<std::size_t>(std::max(diagnostic.length, 1));
        const std::size_t indent = display_width(characters(shown.text, 0, before)) + beyond;
        const std::size_t marked = display_width(characters(shown.text, before, length));
        text += fmt::format("    {}\n    {}^{}\n", shown.text, std::string(indent, ' '),
                            std::string(std::max<std::size_t>(marked, 1) - 1, '~'));
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
