// One text of several hosts, as ansible, pdsh and clush print what a command said on each, or as somebody
// pasted it from the prompts of several. Knows rows only by what the readers say of a line.
#pragma once

#include "replay/pasted.h"

#include <string>
#include <string_view>
#include <vector>

namespace replay {

struct HostText {
    std::string host;
    std::string text;
};

/// The text of each host, in the order in which they first appear; empty if there are not several.
std::vector<HostText> texts_of_hosts(std::string_view content, LineTest is_row);

} // namespace replay
