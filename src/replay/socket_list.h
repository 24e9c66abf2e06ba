// The sockets of one network namespace as some text tells them, read again for each walk so that memory does
// not grow with the text, and what the readers of such texts have in common: end points, names of states,
// timers, complaints. Knows no tool's columns.
#pragma once

#include "base/gap.h"
#include "kernel/machine.h"
#include "snapshot/host.h"
#include "snapshot/owners.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// More are not taken from a text.
constexpr std::size_t most_sockets = 16'000'000;
constexpr const char* too_many_sockets = "more than 16000000 sockets";

/// What to run the next time: one line that tells all that a text can tell, and shows that it is whole.
constexpr std::string_view next_time =
    "{ ss -tanpoie; sysctl net.ipv4 net.core; cat /proc/net/sockstat*; } 2>/dev/null >tcp.txt";

struct SocketList {
    snapshot::Provenance provenance;
    /// Hands over each socket, in the order of the text; those in State::bound are bound and not connected.
    std::function<void(const kernel::SocketSink&)> each = [](const kernel::SocketSink&) {};
    snapshot::StateCounts counts{}; // of these
    /// Those in LISTEN, if they are few: nobody need read the text again for them.
    std::optional<std::vector<snapshot::Socket>> listeners;
    std::optional<base::Gap> lost; // why they are not all, or not as they were
    std::optional<snapshot::Holders> holders;
    snapshot::CgroupPaths cgroups;
    std::map<std::string, std::string, std::less<>> files;   // /proc/net/NAME that stands in the same text
    std::map<std::string, std::string, std::less<>> sysctls; // "name = value" in the same text
    std::map<snapshot::TcpState, std::uint64_t> sums;        // that `ss -s` printed in the same text

    std::size_t size() const;
};

/// What is wrong with a list that has no listening sockets, or only those: it may be a part.
std::optional<base::Gap> partial(const snapshot::StateCounts& counts);

/// A text without inodes: numbers of one's own for the sockets that a process must hold. One in CLOSE_WAIT
/// that was read to its end was accepted; so was one whose port nobody listens at, or where nobody waits.
class InventedInodes {
  public:
    /// All sockets, before the first is asked for.
    void see(const snapshot::Socket& socket);
    /// Each socket once, always in the same order from the first one on.
    void give(snapshot::Socket& socket);
    void restart() { next_ = 0; }

  private:
    std::set<std::uint16_t> waited_at_; // ports of listeners with somebody in the queue
    std::uint32_t next_ = 0;
};

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

/// Does it look like an end point in numbers, whole or not?
bool has_end_point(std::string_view line);

/// The four numbers of IPv4 with dots; none for anything else. For a million rows.
std::optional<snapshot::Address> dotted_quad(std::string_view text);

/// A port, "*" for none; the name of a service as /etc/services of this machine knows it.
std::optional<std::uint16_t> port_of(std::string_view text);

/// "TIME-WAIT", "TIME_WAIT", "ESTAB", "UNCONN": the state, whoever prints it.
std::optional<snapshot::TcpState> state_named(std::string_view name);

/// The word at the start, which is taken off.
std::string_view next_word(std::string_view& text);

/// Counts lines that make no sense and remembers what is wrong with the first.
class Complaints {
  public:
    void add(std::size_t line, std::string what);
    void add(const Complaints& others);
    bool empty() const { return count_ == 0; }
    std::size_t count() const { return count_; }
    /// "line 7: ... (and 3 more)".
    std::string text() const;

  private:
    std::size_t count_ = 0;
    std::string first_;
};

} // namespace replay
