// The holders of sockets as the text of capture records, and back. Every record comes from strangers when it
// is read: what does not fit exactly is refused.
#pragma once

#include "snapshot/owners.h"

#include <string>
#include <string_view>

namespace kernel {

/// All that is known of a process but its number: user, limit, open files ("-" if unknown), control
/// group and command, separated by NUL, which none of them can hold.
std::string process_text(const snapshot::Process& process);

/// One line a socket: its inode, which process holds it (counted from 0), as which descriptor.
std::string holders_text(const std::vector<snapshot::Holder>& holders);

/// Adds a process; false if the text is none.
bool add_process(std::string_view pid, std::string_view text, snapshot::Holders& holders);

/// Adds holders; false if the text is none, is not in order of the inodes, or refers to a process that did
/// not come before.
bool add_holders(std::string_view text, snapshot::Holders& holders);

} // namespace kernel
