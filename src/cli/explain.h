// The texts of `tcpadvisor explain` beyond the rules: the files of rules/explain/, compiled in.
#pragma once

#include "base/result.h"
#include "base/text.h"
#include "cli/options.h"
#include "rules/rule.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// States and more, then advice that does not work ("myth-" and what it is about), then sysctls by their
/// dotted name; each name ends with ".txt".
std::span<const base::Embedded> topics();

// The part of `explain` that looks at this host: the arithmetic of a rule with the numbers of now.

/// Lines of at most `width` columns; an error if the host, or the capture, cannot be read.
base::Result<std::string> rule_now(const Options& options, const rules::Rule& rule, std::size_t width);

/// What these rules say of this host, a line or two each; ids that are no rule are left out.
base::Result<std::string> rules_now(const Options& options, const rules::RuleSet& all,
                                    const std::vector<std::string_view>& ids, std::size_t width);

// The part of `explain` that looks at this host for a fact, a state or a sysctl: its value of now.

/// Lines for every fact of this name, "TABLE.NAME" or "NAME"; an error if the host, or the capture, cannot be
/// read.
base::Result<std::string> fact_now(const Options& options, const std::string& name);

/// How many sockets are in a state, by netstat's name; empty if it is none.
base::Result<std::string> state_now(const Options& options, const std::string& name);

/// The value now, the default and what the next boot will set; empty for a sysctl that is not known.
base::Result<std::string> sysctl_now(const Options& options, const std::string& name);

} // namespace cli
