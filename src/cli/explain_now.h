// The part of `explain` that looks at this host: the arithmetic of a rule with the numbers of now.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "rules/rule.h"

#include <string>

namespace cli {

/// Lines of at most `width` columns; an error if the host, or the capture, cannot be read.
base::Result<std::string> rule_now(const Options& options, const rules::Rule& rule, std::size_t width);

} // namespace cli
