// The file that keeps what runs leave for the next ones: text, one line an item, versioned, with a checksum.
// It names the counters whose values it holds, so that a program which keeps others can still read it.
// Knows no directory and trusts no byte. A file that is not wholly right counts for nothing.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "history/alerts.h"
#include "history/samples.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace history {

/// What is kept about one network namespace.
struct SavedState {
    NetnsHistory netns;
    Memory memory;
};

/// Which namespace of which boot a file is about.
struct StateKey {
    std::string boot_id;
    std::string netns; // "cookie 1", or "inode 4026531840" before Linux 5.14
};

std::string encode(const StateKey& key, const SavedState& state);

/// What the file says; an error if it is cut, of another version, boot or namespace, or makes no sense.
base::Result<SavedState> decode(const StateKey& key, std::string_view text);

// Keeps the state files of all network namespaces in one private directory, safe against runs at the same
// time.

/// What one run leaves about one namespace.
struct Update {
    StateKey key;
    Sample sample;
    snapshot::WaitingSockets waiting;
    MemoryUpdate alerts;
};

class Keeper {
  public:
    /// A directory that may be used.
    struct Candidate {
        std::string path;
        base::PrivateDirectory::Create create = base::PrivateDirectory::Create::no;
        base::Links links = base::Links::trusted; // on the way to it
    };
    /// The first of the candidates that can be used; else why the last one cannot. Absent: there is none yet.
    static base::Result<Keeper, base::Gap> open(std::span<const Candidate> candidates);

    /// Absent if nothing is kept about this namespace yet.
    base::Result<SavedState, base::Gap> load(const StateKey& key) const;

    /// When something was last kept about this namespace, in seconds since the epoch.
    std::optional<double> last_kept(const StateKey& key) const;

    const std::string& path() const { return directory_.path(); }

    base::Status writable() const { return directory_.writable(); }

    /// Adds the updates to what is there by now; a file that cannot be used is begun anew. Waits at
    /// most `patience` seconds for other runs. Files of namespaces that nobody looked at for two days go.
    base::Status save(std::span<const Update> updates, double patience);

  private:
    explicit Keeper(base::PrivateDirectory directory) : directory_(std::move(directory)) {}

    base::PrivateDirectory directory_;
};

} // namespace history
