// In which language a text for people is told: from the option, the locale, and the question itself.
#pragma once

#include "cli/options.h"

#include <string>
#include <string_view>

namespace cli {

/// The locale of a category such as LC_CTYPE, found as setlocale(3) does; empty if the environment names
/// none.
std::string locale_of(const char* category);

/// May characters beyond ASCII be written?
bool locale_is_unicode();

/// --lang; else Chinese for a question in Chinese, or where messages are in simplified Chinese.
Language language_of(const Options& options, std::string_view question);

} // namespace cli
