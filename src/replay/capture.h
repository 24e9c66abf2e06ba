// A capture: everything that a run read, in memory and as a file. It comes from strangers: the reader trusts
// no length in it, and what does not fit exactly is refused. Knows what a machine answers, not what it means.
//
// The file is "tcpadvisor-capture 1" and then records: a line "KIND LENGTH KEY", LENGTH bytes and a line end.
// Texts stay readable, netlink stays exact.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "snapshot/counters.h"
#include "snapshot/owners.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// A dump as it was received, and why it ended early if it did.
struct RecordedDump {
    std::vector<std::string> frames;
    std::optional<base::Gap> gap;
};

struct RecordedNetns {
    std::string label;
    std::uint64_t id = 0;
    std::string path;                                               // of the namespace file; empty: here
    bool sysctls_are_read_only = false;                             // to whoever recorded it
    double time = 0;                                                // seconds since the epoch
    std::map<std::string, snapshot::Reading<std::string>> files;    // by path
    std::map<std::string, snapshot::Reading<std::string>> listings; // by directory; names, one a line
    std::map<std::string, double> changed;                          // when, by path; of files of sysctl.d
    std::map<std::string, RecordedDump> dumps;                      // by the bytes of the request
    std::optional<snapshot::Holders> holders;                       // none if nobody looked
    snapshot::CgroupPaths cgroups;
    std::map<std::string, std::string> routes; // remote address -> the local one that routing chooses
};

/// Every capture starts with this; the number of the version follows.
constexpr std::string_view capture_name = "tcpadvisor-capture ";

struct Capture {
    std::vector<std::unique_ptr<RecordedNetns>> namespaces;
};

/// The file.
std::string to_bytes(const Capture& capture);

/// Reads the file; the error says what is wrong and at which byte.
base::Result<Capture> parse_capture(std::string_view bytes);

/// Writes it atomically.
base::Status save_capture(const Capture& capture, const std::string& path);

/// For the records of the holders of sockets: all that is known of a process but its number: user, limit,
/// open files ("-" if unknown), control group and command, separated by NUL, which none of them can hold.
std::string process_text(const snapshot::Process& process);

/// One line a socket: its inode, which process holds it (counted from 0), as which descriptor.
std::string holders_text(const std::vector<snapshot::Holder>& holders);

/// Adds a process; false if the text is none.
bool add_process(std::string_view pid, std::string_view text, snapshot::Holders& holders);

/// Adds holders; false if the text is none, is not in order of the inodes, or refers to a process that did
/// not come before.
bool add_holders(std::string_view text, snapshot::Holders& holders);

} // namespace replay
