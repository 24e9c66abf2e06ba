// Expressions of rules, and texts with placeholders.
#include "rules/compute.h"
#include "rules/expression.h"
#include "rules/placeholders.h"
#include "rules/resolve.h"
#include "tests/fuzz/harness.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace {

const rules::Scope& scope() {
    static const rules::Scope all = [] {
        rules::Scope made(facts::TableId::destination);
        made.add_parameter("busy", facts::Type::number);
        made.set_alerting(true);
        return made;
    }();
    return all;
}

/// No facts at all: names of the table are missing.
rules::Context context() {
    static const std::array<facts::Value, 1> parameters = {facts::Value(100.0)};
    rules::Context nothing;
    nothing.parameters = parameters;
    return nothing;
}

void check_mistakes(const std::vector<rules::ExpressionError>& mistakes, std::string_view text) {
    for (const rules::ExpressionError& mistake : mistakes) {
        fuzz::require(mistake.offset <= text.size() && mistake.length <= text.size() + 1 &&
                          !mistake.message.empty(),
                      "a mistake lies in the text");
    }
}

void read_expression(std::string_view text) {
    auto expression = rules::parse_expression(text);
    if (!expression) {
        check_mistakes({expression.error()}, text);
        return;
    }
    std::vector<rules::ExpressionError> mistakes;
    const auto type = rules::resolve(*expression, scope(), mistakes);
    check_mistakes(mistakes, text);
    fuzz::require(type.has_value() || !mistakes.empty(), "what has no type has a mistake");
    if (mistakes.empty()) {
        const facts::Value value = rules::compute(*expression, context());
        fuzz::require(!value.is_number() || std::isfinite(value.number()), "no value is infinite");
    }
}

void read_template(std::string_view text) {
    std::vector<rules::ExpressionError> mistakes;
    const rules::Template parsed = rules::parse_template(text, scope(), mistakes);
    check_mistakes(mistakes, text);
    if (mistakes.empty()) {
        rules::fill(parsed, context(), {});
        rules::fill_command(parsed, context(), {});
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    read_expression(fuzz::text_of(data, size));
    read_template(fuzz::text_of(data, size));
    return 0;
}
