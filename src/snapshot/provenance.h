// Where a snapshot comes from when it is neither the kernel nor a capture of one, and what such a source
// cannot tell. Plain data; what follows from it is the model's question.
#pragma once

#include "base/gap.h"

#include <optional>
#include <string>

namespace snapshot {

struct Provenance {
    std::string name; // "the text of ss"; empty: a kernel told everything itself
    /// Ages of TIME_WAIT and retransmissions are not told: the sockets look as if they were of now.
    std::optional<base::Gap> no_timers;
    bool has_backlogs = true; // of listeners
    bool has_users = true;    // whose sockets they are

    bool is_foreign() const { return !name.empty(); }
};

} // namespace snapshot
