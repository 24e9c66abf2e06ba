// What earlier runs left: where it is kept, what of it this run may use, and what this run leaves. A history
// that cannot be used never changes a verdict; it becomes a remark.
#pragma once

#include "cli/options.h"
#include "facts/answers.h"
#include "facts/table.h"
#include "findings/report.h"
#include "history/samples.h"
#include "history/state_file.h"
#include "model/derive.h"
#include "rules/load.h"
#include "rules/recall.h"
#include "snapshot/host.h"

#include <optional>
#include <string>
#include <vector>

namespace cli {

class Past {
  public:
    /// Reads what is known about the namespaces of `host`. Only `check` leaves something for later runs, and
    /// only if nothing is assumed.
    Past(const Options& options, const snapshot::Host& host);

    const history::History& history() const { return history_; }

    /// Ages that earlier runs prove, into the snapshot.
    void prove_ages(snapshot::Host& host) const;

    /// For rules::evaluate; null if nothing is known of the time. A second call begins anew, and nothing will
    /// wait.
    rules::Recall* recall();

    /// Leaves this run for the next. False if that failed: then nothing may wait for the next run.
    bool keep(const snapshot::Host& host, const facts::Facts& facts);

    /// One line each, for those who ask.
    const std::vector<std::string>& remarks() const { return remarks_; }

  private:
    void load();
    void give_up(const std::string& why);

    std::vector<history::Key> keys_; // in the order of Host::namespaces
    double time_ = 0;
    bool writes_ = false;
    bool keeps_time_ = false;
    std::optional<history::Keeper> keeper_;
    history::History history_;
    std::vector<history::Memory> memories_;
    std::optional<rules::Recall> recall_;
    std::vector<std::string> remarks_;
};

// One host judged by rules, with what earlier runs know: what check, report, audit and watch have in common.

struct Judgement {
    findings::Report report;
    std::optional<facts::Picture> picture; // of `report`, and for the format that needs it
};

/// Ages that earlier runs prove go into `host`; `check` leaves this run for later ones. What remedies would
/// change costs another look at the facts for each sysctl: a verdict goes without.
Judgement judge_host(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed,
                     snapshot::Host& host, rules::Detail detail);

} // namespace cli
