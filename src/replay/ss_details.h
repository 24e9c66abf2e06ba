// What ss says of a socket beyond its columns, with -o, -i, -m, -e and -p. Trusts nothing: names of processes
// and control groups are anybody's choice, and each thing is looked for only where ss prints it.
#pragma once

#include "replay/named_holders.h"
#include "replay/socket_list.h"

#include <map>
#include <string>
#include <string_view>

namespace replay {

/// users:((...)), timer:(...), uid:, ino:, cgroup: and the tcp_info of -i.
class SsDetails {
  public:
    /// Fills the socket from the rest of its lines. Safe to repeat: the same group has the same number.
    void take(std::string_view details, snapshot::Socket& socket);

    bool has_identities() const { return identities_; }

    /// Fills what all the lines together tell, or do not; their sockets can be asked for again.
    void conclude(SocketList& list);

  private:
    std::string_view take_users(std::string_view details);
    void take_timer(std::string_view details, snapshot::Socket& socket);
    void take_identity(std::string_view details, snapshot::Socket& socket);
    void take_cgroup(std::string_view details, snapshot::Socket& socket);
    void take_activity(std::string_view details, snapshot::Socket& socket);

    std::map<std::string, std::uint64_t, std::less<>> cgroups_;
    bool torn_ = false;       // two rows were joined where something between them was lost
    bool identities_ = false; // some line has what -e prints
    NamedHolders holders_;
};

/// Does a line say more about a socket, rather than being one?
bool is_ss_detail(std::string_view line);

} // namespace replay
