// The rules that are compiled into the program. The sources are written by tools/embed.py.
#pragma once

#include "base/text.h"
#include "rules/document.h"
#include "rules/reader.h"
#include "rules/rule.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rules {

/// Every shipped file in the order of judgement.
std::span<const base::Embedded> shipped_rules();

/// The same rules in one file each without title, why, references and remedies: for a quick start.
std::span<const base::Embedded> lean_rules();

// From texts to rules: shipped files, then drop-ins, then settings, then options. What is wrong is reported
// all at once, and what is intact stays in force. Reads no file itself.

struct Inputs {
    std::vector<TextFile> shipped;
    Form form = Form::full; // of the shipped files
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
