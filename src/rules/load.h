// From rules and settings to what is in force: the rules that the build made a part of the program, then
// drop-ins, then settings, then options. What is wrong is reported all at once, and what is intact stays in
// force. Reads no file itself.
#pragma once

#include "base/diagnostic.h"
#include "rules/document.h"
#include "rules/rule.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

struct ShippedFile {
    std::string_view name; // "shipped:ports.toml"
    const Node* document;  // marks have lines and no columns
};

/// Every shipped file in the order of judgement, as tools/embed_rules.py made it a part of the program.
std::span<const ShippedFile> shipped_rules();

struct Inputs {
    std::span<const ShippedFile> shipped;
    std::vector<TextFile> drop_ins;
    std::optional<TextFile> settings;

    std::vector<std::string> set; // RULE.PARAMETER=VALUE
    std::optional<std::string> warning;
    std::optional<std::string> critical;
    std::vector<std::string> only; // ids; empty: all
    std::vector<std::string> excluded;
    std::vector<std::string> tags; // see select_rules
    std::string own_tag;           // what the command judges by itself: "health", "tuning" or everything
    double now = 0;                // seconds since the epoch, for the expiry of overrides
};

struct Loaded {
    RuleSet rules;
    base::Diagnostics diagnostics;         // of files
    std::vector<std::string> broken_files; // one line for each file with an error
    base::Diagnostics argument_errors;
};

/// Every rule that is intact, and everything that is wrong.
Loaded load(const Inputs& inputs);

} // namespace rules
