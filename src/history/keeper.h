// Keeps the state files of all network namespaces in one private directory, safe against runs at the same
// time.
#pragma once

#include "base/private_directory.h"
#include "history/state_file.h"

#include <span>
#include <string>
#include <vector>

namespace history {

/// What one run leaves about one namespace.
struct Update {
    Key key;
    snapshot::Sample sample;
    snapshot::WaitingSockets waiting;
    findings::MemoryUpdate alerts;
};

class Keeper {
  public:
    /// A directory that may be used.
    struct Candidate {
        std::string path;
        base::PrivateDirectory::Create create = base::PrivateDirectory::Create::no;
    };
    /// The first of the candidates that can be used; else why the last one cannot. Absent: there is none yet.
    static base::Result<Keeper, base::Gap> open(std::span<const Candidate> candidates);

    /// Absent if nothing is kept about this namespace yet.
    base::Result<State, base::Gap> load(const Key& key) const;

    base::Status writable() const { return directory_.writable(); }

    /// Adds the updates to what is there by now; a file that cannot be used is begun anew. Waits at most half
    /// a second for other runs. Files of namespaces that nobody looked at for two days go.
    base::Status save(std::span<const Update> updates);

  private:
    explicit Keeper(base::PrivateDirectory directory) : directory_(std::move(directory)) {}

    base::PrivateDirectory directory_;
};

} // namespace history
