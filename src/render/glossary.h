// The words of the trade that stand in findings, each with what it means for somebody who has not met it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace render {

/// "TIME_WAIT: a connection that is over ...": a line for each word that stands in `text` and in none of
/// `before`.
std::vector<std::string> words_to_explain(std::string_view text, const std::vector<std::string_view>& before);

} // namespace render
