// Text with {placeholders}, parsed once when it is loaded. Numbers are printed as people write them.
#pragma once

#include "facts/table.h"
#include "rules/compute.h"
#include "rules/resolve.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

struct Template {
    enum class Special : std::uint8_t { none, value, unit, warning, critical };
    struct Part {
        std::string before; // plain text in front of the placeholder
        bool has_name = false;
        Special special = Special::none;
        Reference reference; // if it is not special
    };
    std::string text; // as it was written
    std::vector<Part> parts;

    bool empty() const { return text.empty(); }
};

/// What {value}, {unit}, {warning} and {critical} stand for.
struct SpecialTexts {
    std::string_view value;
    std::string_view unit;
    std::string_view warning;
    std::string_view critical;
};

/// A template whose names are all known to `scope`; what is wrong is added to `mistakes`.
Template parse_template(std::string_view text, const Scope& scope, std::vector<ExpressionError>& mistakes);

std::string fill(const Template& source, const Context& context, const SpecialTexts& special);

/// The same as a command for a shell: what placeholders stand for is quoted if it is not plain. None if that
/// would have to stand inside quotes of the template, where nobody knows who reads it next.
std::optional<std::string> fill_command(const Template& source, const Context& context,
                                        const SpecialTexts& special);

/// "12.5", "yes", the text itself, or "unknown".
std::string to_text(const facts::Value& value);

} // namespace rules
