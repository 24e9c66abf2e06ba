// A fact table that holds exactly the values that were put into it: for rule tests.
#pragma once

#include "base/diagnostic.h"
#include "facts/table.h"
#include "rules/document.h"
#include "rules/rule.h"

#include <string>
#include <vector>

namespace rules {

class LiteralTable : public facts::Table {
  public:
    explicit LiteralTable(facts::TableId which);

    const facts::Schema& schema() const override { return schema_; }
    std::size_t size() const override { return rows_.size(); }
    facts::Value get(std::size_t row, std::size_t column) const override { return rows_[row][column]; }
    std::optional<base::Gap> incomplete() const override { return incomplete_; }

    /// Adds a row whose facts are all absent by design.
    void add_row();
    /// Sets a fact of the last row; false if the table has no such fact.
    bool set(std::string_view column, facts::Value value);
    void set_incomplete(base::Gap gap) { incomplete_ = std::move(gap); }

  private:
    const facts::Schema& schema_;
    std::vector<std::vector<facts::Value>> rows_;
    std::optional<base::Gap> incomplete_;
};

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

struct CaseResult {
    std::string name;
    std::string rule;
    base::Position position;
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
