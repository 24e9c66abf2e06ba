// Text as JSON quotes it, for formats that hold some. The JSON library stays in json.cpp.
#pragma once

#include <string>
#include <string_view>

namespace render {

/// Valid UTF-8 `text` in quotes, in ASCII: a string of JSON, and of YAML.
std::string json_quoted(std::string_view text);

} // namespace render
