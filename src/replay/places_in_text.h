// Tables of several hosts, containers or namespaces in one pasted text: the prompts, the commands and the
// titles above them tell whose each is.
#pragma once

#include "replay/host_texts.h"

#include <string_view>
#include <vector>

namespace replay {

/// The text of each place, in the order in which they first appear; empty if all tables are of one.
std::vector<HostText> texts_of_places(std::string_view content, LineTest is_row);

} // namespace replay
