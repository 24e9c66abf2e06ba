// Options that change and choose rules: a line each, whose first letter is the option.
#include "rules/load.h"
#include "rules/rule.h"
#include "tests/fuzz/few_rules.h"
#include "tests/fuzz/harness.h"

#include <string>

namespace {

void add(std::string_view line, rules::Inputs& inputs) {
    const std::string value(line.substr(1));
    switch (line.front()) {
    case 's':
        inputs.set.push_back(value);
        break;
    case 'w':
        inputs.warning = value;
        break;
    case 'c':
        inputs.critical = value;
        break;
    case 'r':
        inputs.only.push_back(value);
        break;
    case 'e':
        inputs.excluded.push_back(value);
        break;
    case 't':
        inputs.tags.push_back(value);
        break;
    default:
        inputs.own_tag = value;
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rules::Inputs inputs = fuzz::few_rules();
    for (std::string_view rest = fuzz::text_of(data, size); !rest.empty();) {
        const std::string_view line = fuzz::take_part(rest, "\n");
        if (!line.empty()) {
            add(line, inputs);
        }
    }
    const rules::Loaded loaded = rules::load(inputs);
    fuzz::require(loaded.broken_files.empty(), "options break no file");
    for (const base::Diagnostic& mistake : loaded.argument_errors.sorted()) {
        fuzz::require(!mistake.message.empty(), "a mistake has a message");
    }
    rules::list(loaded.rules);
    return 0;
}
