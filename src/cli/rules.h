// Finds the rules and settings of this run: compiled in, in /etc/tcpadvisor or where the options say.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "rules/load.h"

namespace cli {

/// Everything that rules::load wants. A default file that is not there is nothing; one that cannot be read is
/// a broken file; one that the options name and that is not there is an error.
struct RuleFiles {
    rules::Inputs inputs;
    std::vector<std::string> broken; // files that could not even be read, a line each
};
base::Result<RuleFiles> find_rules(const Options& options);

/// find_rules and rules::load in one; mistakes in the options are the error, with their diagnostics as text.
struct LoadError {
    std::string message;
    std::vector<std::string> details;
};
base::Result<rules::Loaded, LoadError> load_rules(const Options& options);

} // namespace cli
