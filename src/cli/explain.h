// The part of `tcpadvisor explain` that looks at this host: the numbers of now behind a rule, a fact, a state
// or a sysctl.
#pragma once

#include "base/result.h"
#include "base/text.h"
#include "cli/options.h"
#include "rules/rule.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// The arithmetic of a rule: lines of at most `width` columns; an error if the host, or the capture, cannot
/// be read.
base::Result<std::string> rule_now(const Options& options, const rules::Rule& rule, std::size_t width);

/// What these rules say of this host, a line or two each; ids that are no rule are left out.
base::Result<std::string> rules_now(const Options& options, const rules::RuleSet& all,
                                    const std::vector<std::string_view>& ids, std::size_t width);

/// Lines for every fact of this name, "TABLE.NAME" or "NAME"; an error if the host, or the capture, cannot be
/// read.
base::Result<std::string> fact_now(const Options& options, const std::string& name);

/// How many sockets are in a state, by netstat's name; empty if it is none.
base::Result<std::string> state_now(const Options& options, const std::string& name, Language language);

/// The value now, the default and what the next boot will set; empty for a sysctl that is not known.
base::Result<std::string> sysctl_now(const Options& options, const std::string& name);

} // namespace cli
