// What changes the rules after they are read: the settings file and the options of the command line. Later
// ones win.
#pragma once

#include "rules/document.h"
#include "rules/rule.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rules {

/// Applies tcpadvisor.toml. What is wrong is reported and left out. `broken` are ids of rules that could not
/// be read: naming them is no further mistake. `now` is in seconds since the epoch.
void apply_settings(RuleSet& rules, const Node& settings, std::uint16_t file, double now,
                    const std::vector<std::string>& broken, Reporter& reporter);

/// --set, --warning, --critical, --rule, --exclude-rule and --tag.
struct Arguments {
    std::vector<std::string>
        set; // RULE.PARAMETER=VALUE, RULE.warning=RANGE, RULE.critical=RANGE, RULE.enabled=true
    std::optional<std::string> warning;
    std::optional<std::string> critical;
    std::vector<std::string> only;
    std::vector<std::string> excluded;
    std::vector<std::string> tags;
    std::string own_tag; // of the command, unless `tags` name a purpose; empty: none
};

/// Applies the options and decides which rules are active. What is wrong is added to `mistakes`.
void apply_arguments(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                     base::Diagnostics& mistakes);

/// Gives a parameter of a rule another value.
void set_parameter(Rule& rule, std::size_t index, const facts::Value& value, SourceLine origin);

/// The same from `NAME = VALUE` of a file; a wrong name or type is reported.
void change_parameter(Rule& rule, const Node::Member& given, SourceLine origin, Reporter& reporter);

/// All ids and aliases, for suggestions.
std::vector<std::string> all_ids(const RuleSet& rules);

// What can only be seen once files, settings and options have been applied: rules that can no longer be
// judged or warn. Changes nothing.

/// Where the values in force come from: the settings file, if there is one, and RuleSet::files from
/// `first_option` on, the options of this run.
struct Layers {
    const TextFile* settings = nullptr;
    std::size_t first_option = 0;
};

/// Warning ranges that never fire because critical alerts wherever they would. An error in `argument_errors`
/// if both come from options, else a warning in `diagnostics`. What one file says by itself was reported with
/// the file.
void find_silent_warnings(const RuleSet& rules, const Layers& layers, base::Diagnostics& diagnostics,
                          base::Diagnostics& argument_errors);

} // namespace rules
