// A text file that was compiled into the program (tools/embed.py writes the source).
#pragma once

#include <span>
#include <string_view>

namespace base {

struct Embedded {
    std::string_view name;
    std::string_view text;
};

} // namespace base
