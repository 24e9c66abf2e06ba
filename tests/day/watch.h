// What `tcpadvisor check` does every minute, with the program's own parts in the program's own order (see
// cli/judge.cpp); only the kernel is a model. Its history lies in a directory of its own.
#pragma once

#include "cli/options.h"
#include "findings/report.h"
#include "model/wants.h"
#include "rules/rule.h"
#include "tests/day/host_model.h"
#include "tests/scratch.h"

#include <string>

namespace day {

using Directory = tests::Scratch;

/// The options of a check that reads no settings of this machine.
cli::Options options_of_check(const Directory& directory);

/// The shipped rules that a check judges. Throws if they are broken.
rules::RuleSet rules_of_check(const cli::Options& options);

class Watch {
  public:
    explicit Watch(const rules::RuleSet& rules);

    /// One run, `late` seconds after the moment that the host has come to.
    findings::Report look(const HostModel& model, double late);

  private:
    const rules::RuleSet& rules_;
    Directory directory_;
    cli::Options options_;
    model::ModelNeeds needs_;
};

} // namespace day
