// What earlier runs left about the namespaces of a snapshot: where it is kept, what of it this run may use,
// and what this run leaves. A history that cannot be used is said; when nothing could be kept for a day, what
// needs it cannot be judged.
#pragma once

#include "history/recall.h"
#include "history/samples.h"
#include "history/state_file.h"
#include "snapshot/host.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace history {

/// What a run may do with the past.
struct Access {
    std::optional<std::string> directory; // in place of the usual ones
    bool writes = false;                  // leaves something for later runs
    std::string none_because;             // not empty: there is no past, for this reason
};

class Past {
  public:
    /// Reads what is known about the namespaces of `host`.
    Past(const Access& access, const snapshot::Host& host);

    const History& history() const { return history_; }
    /// The alerts of earlier runs, for each namespace of history().
    const std::vector<Memory>& memories() const { return memories_; }
    /// Where they are kept; empty if nowhere.
    std::string directory() const { return keeper_ ? keeper_->path() : std::string(); }

    /// A look that this run took itself, so many seconds ago: a sample for each namespace.
    void add_look(std::vector<Sample> samples, double seconds);

    /// Ages that earlier runs prove, into the snapshot.
    void prove_ages(snapshot::Host& host) const;

    /// For rules::evaluate; null if nothing is known of the time. A second call begins anew, and nothing will
    /// wait.
    Recall* recall();

    /// Leaves this run for the next; `sample_of` tells what a namespace of `host` shows now. Waits at most
    /// `patience` seconds for other runs. False if that failed: then nothing may wait for the next run.
    bool keep(const snapshot::Host& host, const std::function<Sample(std::size_t)>& sample_of,
              double patience);

    /// One line each, for those who ask.
    const std::vector<std::string>& remarks() const { return remarks_; }
    /// One line each, for everybody: this run should have left something and could not.
    const std::vector<std::string>& notices() const { return notices_; }

  private:
    void load();
    void give_up(const std::string& why);
    void not_kept(const std::string& why);
    /// Nothing could be kept since then.
    void note_loss(std::optional<double> since);

    std::vector<StateKey> keys_; // in the order of Host::namespaces
    double time_ = 0;
    bool writes_ = false;
    std::optional<Keeper> keeper_;
    History history_;
    std::vector<Memory> memories_;
    std::optional<Recall> recall_;
    std::vector<std::string> remarks_;
    std::vector<std::string> notices_;
};

} // namespace history
