// Text for people: paragraphs that wrap under a hanging prefix, colours that only repeat what a word says
// already.
#pragma once

#include "base/gap.h"
#include "findings/finding.h"
#include "render/render.h"

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace render {

/// Foreign text, made safe and wrapped to the style's width; later lines stand under the end of `prefix`.
/// Blank lines in it separate paragraphs.
void paragraph(std::ostream& out, const Style& style, std::string_view prefix, std::string_view text);

/// A command for copying, made safe but never wrapped; each of its lines stands under the end of `prefix`.
void command(std::ostream& out, std::string_view prefix, std::string_view text);

/// "db1, Linux 6.1.0, 2026-03-01T02:03:04Z": what is known of it; no line if nothing is.
void origin_line(std::ostream& out, const Style& style, const Origin& origin);

/// A heading and a line for each gap, nothing if there are none. What is absent by design is left to -v.
void gap_list(std::ostream& out, const Style& style, const std::vector<base::Gap>& gaps);

/// `word` in the colour of the state, if the style has colours.
std::string paint(const Style& style, findings::State state, std::string_view word);

/// `word` in bold, if the style has colours.
std::string bold(const Style& style, std::string_view word);

} // namespace render
