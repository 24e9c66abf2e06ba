// What earlier runs left: where it is kept, what of it this run may use, and what this run leaves. A history
// that cannot be used never changes a verdict; it becomes a remark.
#pragma once

#include "cli/options.h"
#include "facts/table.h"
#include "history/keeper.h"
#include "rules/recall.h"
#include "snapshot/history.h"
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

    const snapshot::History& history() const { return history_; }

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
    snapshot::History history_;
    std::vector<findings::Memory> memories_;
    std::optional<rules::Recall> recall_;
    std::vector<std::string> remarks_;
};

} // namespace cli
