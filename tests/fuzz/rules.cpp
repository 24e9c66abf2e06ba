// A file of rules.
#include "rules/load.h"
#include "rules/reader.h"
#include "rules/rule.h"
#include "tests/fuzz/harness.h"

#include <algorithm>
#include <string>

namespace {

bool lies_in(const base::Position& place, std::string_view text) {
    return place.line >= 0 && place.column >= 0 &&
           place.line <= 1 + std::count(text.begin(), text.end(), '\n') &&
           static_cast<std::size_t>(place.column) <= text.size() + 1;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rules::Inputs inputs;
    inputs.drop_ins.push_back({"rules.toml", std::string(fuzz::text_of(data, size))});
    const rules::Loaded loaded = rules::load(inputs);
    fuzz::require(loaded.diagnostics.has_errors() == !loaded.broken_files.empty(),
                  "a file with a mistake is a broken one");
    for (const base::Diagnostic& mistake : loaded.diagnostics.sorted()) {
        fuzz::require(!mistake.message.empty() && lies_in(mistake.position, fuzz::text_of(data, size)),
                      "a mistake has a message and a place in the text");
    }
    for (const rules::Rule& rule : loaded.rules.rules) {
        rules::advice_of(rule);
        fuzz::require(!rule.id.empty() && loaded.rules.find(rule.id) == &rule, "a rule is found by its id");
    }
    rules::list(loaded.rules);
    rules::needs(loaded.rules, rules::Detail::advice);
    return 0;
}
