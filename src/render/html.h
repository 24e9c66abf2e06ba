// Building blocks of the page: foreign text made safe for HTML, and the parts of a report. The page needs no
// script, no network and no other file.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"
#include "render/words.h"

#include <ostream>
#include <string>
#include <string_view>

namespace render {

/// One line of foreign text, for an element or a quoted attribute: valid UTF-8, no control characters, no
/// mark-up.
std::string escaped(std::string_view text);

/// A paragraph for each part between blank lines.
void html_paragraphs(std::ostream& out, std::string_view text);

/// A command with its line ends, for copying.
void html_command(std::ostream& out, std::string_view text);

/// The word of a state, in its colours.
std::string html_badge(findings::State state);

std::string_view html_style();

/// `number` is its place in the page, which links point to.
void html_finding(std::ostream& out, std::size_t number, const Shown& shown, const findings::Report& report,
                  const facts::Picture* picture);

/// One namespace: states, diagram, destinations, ages, CLOSE_WAIT and accept queues.
void html_picture(std::ostream& out, const facts::NamespacePicture& picture);

/// The life of a TCP connection with the counts of this host, as SVG.
void html_diagram(std::ostream& out, const std::vector<facts::StateCount>& states);

} // namespace render
