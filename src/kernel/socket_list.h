// The sockets of one network namespace as some file tells them, whole in memory, and what else the file says
// of them. Knows no format of a file.
#pragma once

#include "snapshot/owners.h"
#include "snapshot/provenance.h"
#include "snapshot/socket.h"

#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// More are not taken from a text: memory is bounded.
constexpr std::size_t most_sockets = 4'000'000;
constexpr const char* too_many_sockets = "more than 4000000 sockets";

struct SocketList {
    snapshot::Provenance provenance;
    std::vector<snapshot::Socket> sockets; // those in State::bound are bound and not connected
    std::optional<base::Gap> lost;         // why they are not all, or not as they were
    std::optional<snapshot::Holders> holders;
    snapshot::CgroupPaths cgroups;
};

/// What is wrong with a list that has no listening sockets, or only those: its maker was asked for a part.
std::optional<base::Gap> partial(const std::vector<snapshot::Socket>& sockets);

/// A text without inodes: numbers of one's own for the sockets in CLOSE_WAIT that a process must hold. One
/// that was read to its end was accepted; so was one whose port nobody listens at, or where nobody waits.
void invent_inodes(std::vector<snapshot::Socket>& sockets);

/// Whether a text tells timers at all.
class Timers {
  public:
    /// A socket that must have a timer and shows none is made as young as can be: nothing of it is assumed
    /// free.
    void add(snapshot::Socket& socket);
    /// Why they are not told; none if they are, or if no socket has one.
    std::optional<base::Gap> gap(std::string why) const;

  private:
    bool missing_ = false; // where there must be one
    bool seen_ = false;
    bool doubtful_ = false; // data is not acknowledged, which a timer watches but for moments
};

} // namespace kernel
