// The first look: the whole report on one screen of 24 lines and 80 columns, for any number of findings. Says
// what hurts, who, since when, what helps within a minute and what for good, and what else there is in a line
// each; the rest is left to the whole text.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"
#include "render/formats.h"

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace render {

/// A command in lines of at most `width` columns that a shell joins again: broken at spaces outside quotes.
/// Empty if a word is too long for that.
std::vector<std::string> command_lines(std::string_view command, std::size_t width);

/// Without a picture nobody is named.
void screen_text(std::ostream& out, const Style& style, const findings::Report& report,
                 const facts::Picture* picture);

} // namespace render
