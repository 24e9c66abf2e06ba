// Which process holds which socket, as the rows of a text name them. Only sockets that a process is looked
// for are remembered.
#pragma once

#include "replay/socket_list.h"

#include <map>
#include <optional>
#include <string>

namespace replay {

class NamedHolders {
  public:
    /// The row that is being read names this process.
    void found(std::string command, std::uint32_t pid, std::uint32_t descriptor);
    bool any() const { return any_; }

    /// Reads the list once more and puts the processes to the inodes.
    snapshot::Holders name(const SocketList& list, std::string why_unseen);

  private:
    struct User {
        std::string command;
        std::uint32_t pid = 0;
        std::uint32_t descriptor = 0;
    };
    bool any_ = false;
    std::optional<User> last_; // of the last row that named one
};

/// Of a text that could have named them and names none: whatever stands on a process is UNKNOWN.
snapshot::Holders no_holders(std::string why);

} // namespace replay
