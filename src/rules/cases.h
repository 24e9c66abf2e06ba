// Rule tests as data: facts given, verdict expected. The same format for the shipped rules and for those of
// users.
//
//   [[case]]
//   name      = "what it shows"                  required, one line
//   rule      = "ephemeral-port-exhaustion"      required, an id or alias
//   host      = { orphans = 10 }                 facts by table; those that are not given are absent by
//   design namespace = { range_size = 28232 } row       = { connections = 200 }            the row of the
//   rule's table, where this is neither host nor namespace sysctl    = { "net.ipv4.tcp_tw_reuse" = 0 }  the
//   values now, for the undo of a remedy denied    = ["namespace.usable", "free"]     facts that could not be
//   read: a row's fact, host.NAME or namespace.NAME inferred  = ["free"]                         facts that
//   are not measured parameters = { min_connections = 10 }        other values than the defaults expect    =
//   "warning"                        required: ok, info, warning, critical, unknown, skipped, not_applicable
//   summary   = "..."                            optional: the whole summary of the finding
//   remedies  = ["..."]                          optional: the texts of the remedies that are shown, all, in
//   order commands  = ["sysctl -w ..."]                optional: their commands, in order, leaving out those
//   without
#pragma once

#include "base/diagnostic.h"
#include "rules/rule.h"
#include "rules/source.h"

#include <string>
#include <vector>

namespace rules {

struct CaseResult {
    std::string name;
    std::string rule;
    base::Place place;
    bool passed = false;
    std::string message; // what was expected and what came; empty if it passed
};

struct CaseRun {
    std::vector<CaseResult> results;
    base::Diagnostics diagnostics; // what is wrong with the file; such a case is not among the results
};

/// Runs every case of a file against the rules, active or not.
CaseRun run_cases(const RuleSet& rules, const TextFile& file);

} // namespace rules
