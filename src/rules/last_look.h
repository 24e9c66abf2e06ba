// What can only be seen once files, settings and options have been applied: rules that can no longer be
// judged or warn. Changes nothing.
#pragma once

#include "rules/rule.h"
#include "rules/source.h"

#include <cstddef>

namespace rules {

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
