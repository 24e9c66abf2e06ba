// What programs collect of a host for its vendor: sosreports of any age, supportconfig of SLES, and trees
// with several of them, as must-gather has them. Of every network namespace the best table is taken, and what
// is wrong with the others is named. Knows where such programs put their files, and no format of a table.
#pragma once

#include "base/result.h"
#include "kernel/machine.h"
#include "replay/table_text.h"
#include "replay/tree.h"

#include <string_view>
#include <vector>

namespace replay {

/// A host and its other namespaces, or several hosts. An error says what was looked for, or what is wrong
/// with the only table.
base::Result<std::vector<kernel::Target>> open_host_report(Tree tree, const SnapshotChoice& choice);

/// Is it a file of supportconfig, with the output of one command after the other?
bool is_supportconfig(std::string_view text);

/// The best table of sockets in it.
base::Result<SocketList> read_supportconfig(std::string_view text, const SnapshotChoice& choice);

} // namespace replay
