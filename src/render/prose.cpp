#include "render/prose.h"

#include "base/text.h"
#include "render/wording.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {
namespace {

constexpr int widest_prose = 100; // longer lines are hard to read, however wide the terminal is
constexpr int narrowest_prose = 20;

std::string coloured(const Style& style, std::string_view code, std::string_view word) {
    return style.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, word) : std::string(word);
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
    std::vector<std::string> parts;
    if (!origin.host.empty()) {
        parts.push_back(origin.host);
    }
    if (!origin.kernel.empty()) {
        parts.push_back("Linux " + origin.kernel);
    }
    if (const auto time = rfc3339(origin.time)) {
        parts.push_back(*time);
    }
    if (!origin.assumed.empty()) {
        parts.push_back("as if " + base::join(origin.assumed, ", "));
    }
    if (!parts.empty()) {
        paragraph(out, style, "", base::join(parts, ", "));
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

} // namespace render
