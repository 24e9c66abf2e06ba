// What --replay names, whatever it is: a capture, the text of ss or netstat, a copied table, a dump by ss -D,
// an unpacked sosreport. The content tells the kind, not the name.
#pragma once

#include "base/result.h"
#include "kernel/machine.h"
#include "replay/capture.h"
#include "replay/table_text.h"

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

/// Everything that comes in, until its end.
base::Result<std::string> read_standard_input();

/// A file, a directory or standard input. The error names it and says what is wrong. A capture has one
/// snapshot, whatever is chosen.
base::Result<Replay> open_replay(const std::string& path, const SnapshotChoice& choice = {});

/// The same of the content of a file.
base::Result<Replay> replay_of(std::string content, const SnapshotChoice& choice = {});

/// The sockets that a file tells that is no capture.
base::Result<SocketList> read_text(std::string content, const SnapshotChoice& choice);
base::Result<SocketList> read_foreign(std::string_view content);

} // namespace replay
