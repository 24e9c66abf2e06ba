#include "rules/placeholders.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

using Special = Template::Special;

Special special_named(std::string_view name) {
    return name == "value"      ? Special::value
           : name == "unit"     ? Special::unit
           : name == "warning"  ? Special::warning
           : name == "critical" ? Special::critical
                                : Special::none;
}

std::string_view text_of(Special special, const SpecialTexts& texts) {
    switch (special) {
    case Special::value:
        return texts.value;
    case Special::unit:
        return texts.unit;
    case Special::warning:
        return texts.warning;
    case Special::critical:
        return texts.critical;
    case Special::none:
        break;
    }
    return {};
}

/// What the placeholder of a part stands for; empty if it has none.
std::string value_of(const Template::Part& part, const Context& context, const SpecialTexts& special) {
    if (part.special != Special::none) {
        return std::string(text_of(part.special, special));
    }
    return part.has_name ? to_text(look_up(part.reference, context)) : std::string();
}

/// A command as it grows, which knows whether it is inside quotes.
class ShellTemplate {
  public:
    void add(std::string_view text) {
        text_ += text;
        for (const char c : text) {
            if (escaped_) {
                escaped_ = false;
            } else if (c == '\\' && quote_ != '\'') {
                escaped_ = true;
            } else if (quote_ == none && std::string_view("\"'`").find(c) != std::string_view::npos) {
                quote_ = c;
            } else if (c == quote_) {
                quote_ = none;
            }
        }
    }

    /// False if the value cannot stand here.
    bool add_value(std::string value) {
        std::replace(value.begin(), value.end(), '\t', ' '); // of sysctls with several numbers
        if (quote_ == none && !escaped_) {
            text_ += base::shell_word(value);
            return true;
        }
        text_ += value;
        escaped_ = false;
        return base::is_plain_in_shell(value);
    }

    std::string text() && { return std::move(text_); }

  private:
    static constexpr char none = 0;
    std::string text_;
    char quote_ = none;
    bool escaped_ = false;
};

Template::Part part_of(std::string_view name, std::size_t offset, const Scope& scope,
                       std::vector<ExpressionError>& mistakes) {
    Template::Part part;
    part.has_name = true;
    part.special = special_named(name);
    if (part.special != Special::none) {
        return part;
    }
    if (const auto found = scope.find(name)) {
        part.reference = *found;
    } else if (name.empty()) {
        mistakes.push_back(
            {offset - 1, 2, "a placeholder without a name", "write {{ and }} for plain braces"});
    } else {
        ExpressionError mistake = unknown_name(name, offset, scope);
        mistake.advice =
            "a placeholder is {NAME}, the name of a fact or parameter; write {{ and }} for plain braces";
        mistakes.push_back(std::move(mistake));
    }
    return part;
}

} // namespace

Template parse_template(std::string_view text, const Scope& scope, std::vector<ExpressionError>& mistakes) {
    Template result;
    result.text = std::string(text);
    std::string plain;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
            plain += c;
            at += 2;
        } else if (c == '{') {
            const std::size_t end = text.find('}', at);
            if (end == std::string_view::npos) {
                mistakes.push_back({at, 1, "a placeholder without '}'", "write {{ for a plain brace"});
                break;
            }
            result.parts.push_back(part_of(text.substr(at + 1, end - at - 1), at + 1, scope, mistakes));
            result.parts.back().before = std::move(plain);
            plain.clear();
            at = end + 1;
        } else if (c == '}') {
            mistakes.push_back({at, 1, "'}' without '{'", "write }} for a plain brace"});
            ++at;
        } else {
            const std::size_t end = std::min(text.find_first_of("{}", at), text.size());
            plain += text.substr(at, end - at);
            at = end;
        }
    }
    if (!plain.empty()) {
        result.parts.push_back({std::move(plain), false, Special::none, {}});
    }
    return result;
}

std::string fill(const Template& source, const Context& context, const SpecialTexts& special) {
    std::string text;
    for (const Template::Part& part : source.parts) {
        text += part.before + value_of(part, context, special);
    }
    return text;
}

std::optional<std::string> fill_command(const Template& source, const Context& context,
                                        const SpecialTexts& special) {
    ShellTemplate command;
    for (const Template::Part& part : source.parts) {
        const bool is_fact = part.has_name && part.special == Special::none;
        if (is_fact && !look_up(part.reference, context).known()) {
            return std::string(); // it would act on something that is called "unknown"
        }
        command.add(part.before);
        if ((part.has_name || part.special != Special::none) &&
            !command.add_value(value_of(part, context, special))) {
            return std::nullopt;
        }
    }
    return std::move(command).text();
}

std::string to_text(const facts::Value& value) {
    if (value.is_number()) {
        return base::to_text(value.number());
    }
    if (value.is_boolean()) {
        return value.truth() ? "yes" : "no";
    }
    return value.is_text() ? value.text() : "unknown";
}

} // namespace rules
