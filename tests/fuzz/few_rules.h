// Rules that settings and options can change: few, because each input loads them anew.
#pragma once

#include "rules/load.h"
#include "rules/toml.h"
#include "tests/fuzz/harness.h"

#include <memory>

namespace fuzz {

constexpr const char* few_rules_text = R"(
[[rule]]
id = "ports"
aliases = ["old"]
tags = ["health", "x"]
for_each = "destination"
value = "used_percent + busy"
warning = "70"
critical = "90"
summary = "{remote}"
  [rule.parameters.busy]
  default = 100
  help = "A number."
[[rule]]
id = "reuse"
tags = ["tuning"]
for_each = "namespace"
condition = "tw_reuse == 0 and how == 'ok'"
severity = "info"
summary = "off"
  [rule.parameters.how]
  default = "ok"
  choices = ["ok", "warning"]
  help = "A text."
)";

/// One with ranges and a parameter, one with a condition and a choice; read once.
inline rules::Inputs few_rules() {
    static const rules::TextFile file{"rules.toml", few_rules_text};
    static const std::shared_ptr<const rules::Document> document = [] {
        base::Diagnostics mistakes;
        rules::Reporter reporter(file, mistakes);
        auto read = rules::parse_document(reporter);
        require(read != nullptr && mistakes.empty(), "the rules of the harness have no mistake");
        return read;
    }();
    static const rules::ShippedFile shipped{"rules.toml", &document->root};
    rules::Inputs inputs;
    inputs.shipped = {&shipped, 1};
    inputs.now = 1798761600; // 2027-01-01
    return inputs;
}

} // namespace fuzz
