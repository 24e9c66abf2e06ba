// What --replay names, whatever it is: a capture, the text of ss or netstat, a copied table, a dump by ss -D,
// an unpacked sosreport. The content tells the kind, not the name.
#pragma once

#include "base/result.h"
#include "kernel/machine.h"
#include "replay/capture.h"
#include "replay/table_text.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// The targets may refer to the capture.
struct Replay {
    std::unique_ptr<Capture> capture; // null for other sources
    std::vector<kernel::Target> targets;
};

/// The name of standard input in place of a path.
constexpr std::string_view standard_input = "-";

/// All of a file or of standard input, if it has no more than `most` bytes. The error names it.
base::Result<std::string> read_source(const std::string& path, std::size_t most);

/// A file, a directory or standard input. The error names it and says what is wrong. A capture has one
/// snapshot, whatever is chosen.
base::Result<Replay> open_replay(const std::string& path, const SnapshotChoice& choice = {});

/// The same of the content of a file.
base::Result<Replay> replay_of(std::string content, const SnapshotChoice& choice = {});

/// The sockets that a file tells that is no capture.
base::Result<SocketList> read_text(std::string content, const SnapshotChoice& choice);

} // namespace replay
