// What --replay names, whatever it is: a capture, the text of ss or netstat, a copied table, a dump by ss -D,
// an unpacked sosreport. The content tells the kind, not the name.
#pragma once

#include "base/result.h"
#include "kernel/machine.h"
#include "replay/capture.h"
#include "replay/socket_list.h"

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

/// A file or a directory. The error names it and says what is wrong.
base::Result<Replay> open_replay(const std::string& path);

/// The same of the content of a file.
base::Result<Replay> replay_of(std::string_view content);

/// The sockets that a file tells that is no capture.
base::Result<SocketList> read_foreign(std::string_view content);

} // namespace replay
