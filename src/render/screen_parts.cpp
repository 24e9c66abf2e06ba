#include "render/screen_parts.h"

#include <algorithm>

#include <fmt/format.h>

namespace render {

namespace {

std::size_t lines_of(const std::vector<ScreenPart>& parts) {
    std::size_t sum = 0;
    for (const ScreenPart& part : parts) {
        sum += part.lines.size();
    }
    return sum;
}

/// Takes lines away where the part can spare them.
void shrink(ScreenPart& part, std::size_t too_many) {
    if (part.lines.size() <= part.least || too_many == 0) {
        return;
    }
    if (part.as_a_whole) {
        part.lines.clear();
        return;
    }
    const std::size_t before = part.lines.size();
    const std::size_t said = part.more.empty() ? 0 : 1;
    const std::size_t kept =
        std::max(before - std::min(before, too_many + said), part.least - std::min(part.least, said));
    part.lines.resize(kept);
    if (said > 0) {
        part.lines.push_back({label_of("") + fmt::format(fmt::runtime(part.more), before - kept)});
    }
}

} // namespace

std::string label_of(std::string_view name) {
    return fmt::format("{:<11}", name);
}

void append_to(std::vector<ScreenLine>& lines, const Lines& more) {
    for (const std::string& line : more) {
        lines.push_back({line});
    }
}

std::vector<ScreenLine> as_they_are(const Lines& lines) {
    std::vector<ScreenLine> all;
    append_to(all, lines);
    return all;
}

void fit(std::vector<ScreenPart>& parts, std::size_t room) {
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        const std::size_t now = lines_of(parts);
        shrink(*part, now - std::min(now, room));
    }
}

void say_more(std::vector<ScreenPart>& parts, std::size_t room) {
    std::size_t now = lines_of(parts);
    for (ScreenPart& part : parts) {
        std::vector<ScreenLine> lines;
        for (const ScreenLine& line : part.lines) {
            if (line.whole.empty() || now - 1 + line.whole.size() > room) {
                lines.push_back(line);
                continue;
            }
            now = now - 1 + line.whole.size();
            append_to(lines, line.whole);
        }
        part.lines = std::move(lines);
    }
}

bool begins_apart(const ScreenPart& part) {
    return part.is_apart && !part.lines.empty();
}

bool is_spacious(const std::vector<ScreenPart>& parts, std::size_t room) {
    const auto apart = static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), begins_apart));
    return lines_of(parts) + apart <= room;
}

} // namespace render
