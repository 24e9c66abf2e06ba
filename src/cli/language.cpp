#include "cli/language.h"

#include "base/text.h"
#include "cli/surroundings.h"

#include <algorithm>

namespace cli {

namespace {

/// zh_CN.UTF-8 is one, zh_TW is not. zh without a country is what minimal systems have.
bool is_simplified_chinese(std::string_view locale) {
    const std::string_view name = locale.substr(0, locale.find_first_of(".@"));
    return name == "zh" || name == "zh_CN" || name == "zh_SG";
}

bool has_han(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(base::first_character(text).size())) {
        const std::size_t length = base::utf8_length(text);
        const char32_t code = length > 0 ? base::code_point(text.substr(0, length)) : 0;
        if (code >= 0x4E00 && code <= 0x9FFF) {
            return true;
        }
    }
    return false;
}

} // namespace

std::string locale_of(const char* category) {
    for (const char* name : {"LC_ALL", category, "LANG"}) {
        if (std::string value = variable(name); !value.empty()) {
            return value;
        }
    }
    return {};
}

bool locale_is_unicode() {
    std::string codeset = locale_of("LC_CTYPE"); // which may be all there is: LC_CTYPE=UTF-8 of macOS
    std::erase(codeset, '-');
    return base::lower_ascii(codeset).find("utf8") != std::string::npos;
}

Language language_of(const Options& options, std::string_view question) {
    if (options.lang) {
        return *options.lang;
    }
    return has_han(question) || is_simplified_chinese(locale_of("LC_MESSAGES")) ? Language::chinese
                                                                                : Language::english;
}

} // namespace cli
