// The sockets of one network namespace as some text tells them, whole in memory, and what the readers of such
// texts have in common: end points, names of states, timers, complaints. Knows no tool's columns.
#pragma once

#include "base/gap.h"
#include "snapshot/host.h"
#include "snapshot/owners.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

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

/// "10.0.0.1:80", "[fe80::1]%eth0:80", "fe80::1%eth0:80", ":::80" and "*:*", taken apart but not judged.
struct TextEndPoint {
    std::string_view address; // without brackets and device
    std::string_view device;  // empty for none
    std::string_view port;
    bool brackets = false;
};
std::optional<TextEndPoint> split_end_point(std::string_view text);

/// A port, "*" for none.
std::optional<std::uint16_t> port_of(std::string_view text);

/// "TIME-WAIT", "TIME_WAIT", "ESTAB", "UNCONN": the state, whoever prints it.
std::optional<snapshot::TcpState> state_named(std::string_view name);

/// Counts lines that make no sense and remembers what is wrong with the first.
class Complaints {
  public:
    void add(std::size_t line, std::string what);
    bool empty() const { return count_ == 0; }
    /// "line 7: ... (and 3 more)".
    std::string text() const;

  private:
    std::size_t count_ = 0;
    std::string first_;
};

} // namespace replay
