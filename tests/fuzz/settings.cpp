// tcpadvisor.toml, with overrides, over two rules.
#include "rules/load.h"
#include "rules/rule.h"
#include "tests/fuzz/few_rules.h"
#include "tests/fuzz/harness.h"

#include <string>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rules::Inputs inputs = fuzz::few_rules();
    inputs.settings = rules::TextFile{"tcpadvisor.toml", std::string(fuzz::text_of(data, size))};
    const rules::Loaded loaded = rules::load(inputs);
    fuzz::require(loaded.rules.rules.size() == 2, "settings take no rule away");
    fuzz::require(loaded.diagnostics.has_errors() == !loaded.broken_files.empty(),
                  "a file with a mistake is a broken one");
    fuzz::require(!loaded.argument_errors.has_errors(), "settings are no options");
    for (const base::Diagnostic& mistake : loaded.diagnostics.sorted()) {
        fuzz::require(!mistake.message.empty() && mistake.position.line >= 0,
                      "a mistake has a message and a place");
    }
    rules::list(loaded.rules);
    return 0;
}
