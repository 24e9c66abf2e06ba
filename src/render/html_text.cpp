#include "render/html.h"

#include "base/text.h"
#include "render/wording.h"

#include <fmt/format.h>

namespace render {
namespace {

std::string without_markup(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    for (const char c : text) {
        switch (c) {
        case '&':
            safe += "&amp;";
            break;
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '"':
            safe += "&quot;";
            break;
        case '\'':
            safe += "&#39;";
            break;
        default:
            safe += c;
        }
    }
    return safe;
}

} // namespace

std::string escaped(std::string_view text) {
    return without_markup(safe_line(text));
}

void html_paragraphs(std::ostream& out, std::string_view text) {
    for (const std::string& part : paragraphs_of(text)) {
        if (!base::trim(part).empty()) {
            out << "<p>" << escaped(part) << "</p>\n";
        }
    }
}

void html_command(std::ostream& out, std::string_view text) {
    out << "<pre><code>";
    bool first = true;
    for (const std::string_view line : base::split(base::trim(text), '\n')) {
        out << (first ? "" : "\n") << without_markup(base::printable(line));
        first = false;
    }
    out << "</code></pre>";
}

std::string html_badge(findings::State state) {
    return fmt::format(R"(<span class="badge {}">{}</span>)", findings::word(state), findings::name(state));
}

} // namespace render
