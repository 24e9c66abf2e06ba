#include "render/override_text.h"

#include <fmt/format.h>

namespace render {
namespace {

using findings::OverrideNote;

std::string_view word(OverrideNote::Kind kind) {
    switch (kind) {
    case OverrideNote::Kind::ignored:
        return "IGNORED";
    case OverrideNote::Kind::eased:
        return "EASED";
    case OverrideNote::Kind::expired:
        return "EXPIRED";
    }
    return "";
}

/// "CRITICAL of remote 10.1.2.3:443 and 2 more".
std::string hidden_text(const OverrideNote& note) {
    const std::string more = note.subjects > 1 ? fmt::format(" and {} more", note.subjects - 1) : "";
    return fmt::format("{} of {}{}", findings::name(note.hidden), note.example, more);
}

std::string override_line(const std::string& rule, const OverrideNote& note) {
    const bool expired = note.kind == OverrideNote::Kind::expired;
    std::string text = fmt::format("[{}] {}: {} {}{}", word(note.kind), rule, note.subject,
                                   expired ? "was " : "", note.effect);
    if (!note.expires.empty()) {
        text += " until " + note.expires;
    }
    text += fmt::format(": {} ({})", note.reason, note.origin);
    return note.subjects > 0 ? text + ", hides " + hidden_text(note) : text;
}

} // namespace

std::vector<std::string> override_lines(const findings::Report& report) {
    std::vector<std::string> lines;
    for (const findings::RuleOutcome& rule : report.rules) {
        for (const OverrideNote& note : rule.overrides) {
            lines.push_back(override_line(rule.id, note));
        }
    }
    return lines;
}

} // namespace render
