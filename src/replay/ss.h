// What ss says of a socket after its end points: users:((...)), timer:(...), uid:, ino:, cgroup: and the
// tcp_info of -i. Names in it are anybody's choice, so each thing is looked for only where ss prints it.
#pragma once

#include "base/result.h"
#include "replay/foreign.h"

#include <map>
#include <string>
#include <string_view>

namespace replay {

class SsDetails {
  public:
    /// Fills the socket from the rest of its lines.
    void take(std::string_view details, snapshot::Socket& socket);

    /// Fills what all the lines together tell, or do not.
    void conclude(SocketList& list);

  private:
    std::string_view take_users(std::string_view details);
    void take_timer(std::string_view details, snapshot::Socket& socket);
    void take_identity(std::string_view details, snapshot::Socket& socket);
    void take_cgroup(std::string_view details, snapshot::Socket& socket);
    void take_activity(std::string_view details, snapshot::Socket& socket);
    void name_holders(SocketList& list);

    struct User {
        std::string command;
        std::uint32_t pid = 0;
        std::uint32_t descriptor = 0;
    };
    std::size_t number_ = 0;            // of the socket, counted from 0
    std::map<std::size_t, User> users_; // by the number of the socket
    std::map<std::string, std::uint64_t, std::less<>> cgroups_;
    bool identities_ = false; // some line has what -e prints
    Timers timers_;
};

// The text of ss(8): one or two lines for each socket, with any of -o, -i, -m, -e and -p. Opens nothing, and
// trusts nothing: names of processes and control groups in it are anybody's choice.

/// Does a line of it say that ss wrote it?
bool looks_like_ss(std::string_view text);

/// The TCP sockets of the text. A line that makes no sense makes the list incomplete; an error if no line
/// makes any.
base::Result<SocketList> read_ss(std::string_view text);

} // namespace replay
