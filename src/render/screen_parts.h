// A screen as parts of lines that share a few rows: which lines go where the room is short, and which say
// more where there is some. Knows nothing of what they say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace render {

using Lines = std::vector<std::string>;

/// A line of the screen that says it briefly, and the lines in place of it where there is room; none: no more
/// to say.
struct ScreenLine {
    std::string text;
    Lines whole = {};
};

/// A part of the screen. Where the room is short it loses lines from its end, or all of them at once.
struct ScreenPart {
    std::vector<ScreenLine> lines = {};
    std::size_t least = 0; // so many stay
    bool as_a_whole = false;
    std::string more = {}; // the last line once some are lost: "and {} more"
    bool is_apart = false; // an empty line before it, if there is room
};

/// The name at the start of a part, as wide as all of them.
std::string label_of(std::string_view name);

void append_to(std::vector<ScreenLine>& lines, const Lines& more);
std::vector<ScreenLine> as_they_are(const Lines& lines);

/// Takes lines away until all parts have `room` lines, as far as each can spare them: from the last parts
/// first.
void fit(std::vector<ScreenPart>& parts, std::size_t room);
/// Says as much as there is room for, the first parts first.
void say_more(std::vector<ScreenPart>& parts, std::size_t room);

bool begins_apart(const ScreenPart& part);
/// Is there room for the empty lines before the parts that want one?
bool is_spacious(const std::vector<ScreenPart>& parts, std::size_t room);

} // namespace render
