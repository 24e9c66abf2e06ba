// The words of a line as a shell splits it, for those who want to know what somebody typed. Expands nothing.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

struct ShellWord {
    std::string text;     // without its quotes
    bool is_sign = false; // one of ; & | ( ) < >
    bool is_open = false; // the shell may put something else in its place: $x, `x`, \x, !x
};

/// Up to a comment. None if a quote stays open, or the line is longer than 4 KiB.
std::optional<std::vector<ShellWord>> shell_words(std::string_view line);

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> names);

} // namespace replay
