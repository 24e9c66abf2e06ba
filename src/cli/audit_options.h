// What the options that only people and pipelines use mean: further outputs, from when on a run has failed,
// and the load to come. Pure, as options.h.
#pragma once

#include "cli/options.h"

#include <optional>
#include <string>

namespace cli {

/// Each fills what the text of one option means; an error text otherwise.
std::optional<std::string> take_report(Options& options, const std::string& value);
std::optional<std::string> take_fail_on(Options& options, const std::string& value);
std::optional<std::string> take_expectation(Options& options, const std::string& name, const std::string& value);

/// Options that only make sense together, or not.
std::optional<std::string> check_expectation(const Options& options);

/// --format and each --report: does the command have this format? And no file is written twice.
std::optional<std::string> check_formats(const Options& options);

} // namespace cli
