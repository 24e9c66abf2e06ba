// What the two files of the page share: foreign text made safe for HTML, and the picture of the host.
#pragma once

#include "facts/answers.h"

#include <ostream>
#include <string>
#include <string_view>

namespace render {

/// One line of foreign text, for an element or a quoted attribute: valid UTF-8, no control characters, no
/// mark-up.
std::string escaped(std::string_view text);

/// One namespace: states, diagram, destinations, ages, CLOSE_WAIT and accept queues.
void html_picture(std::ostream& out, const facts::NetnsPicture& picture);

} // namespace render
