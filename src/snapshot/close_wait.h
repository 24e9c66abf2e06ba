// Sockets in CLOSE_WAIT: counted by owner and end point, and a bounded list of the single ones, so that their
// holders can be looked for. Ages are intervals and not judged here.
#pragma once

#include "snapshot/socket.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace snapshot {

enum class CloseWaitKind : std::uint8_t { unaccepted, unread, leaked, half_closed };
constexpr std::size_t close_wait_kinds = 4;
constexpr std::array<std::uint32_t, 6> close_wait_ages_s = {5, 30, 60, 300, 3600, 86400};

/// The time since the peer's FIN lies between `least_ms` (tcpi_last_ack_recv: every FIN carries an
/// acknowledgement, and a later one makes it smaller) and `most_ms` (tcpi_last_data_recv: no data follows a
/// FIN).
struct AgeInterval {
    std::uint32_t least_ms = 0;
    std::uint32_t most_ms = 0;
};

struct CloseWaitCounts {
    std::uint32_t count = 0;
    std::uint32_t without_age = 0; // no tcp_info: counted in `count`, in none of `older`
    std::uint32_t keepalive = 0;   // the keepalive timer runs: each answer to a probe makes it look younger
    std::array<std::uint32_t, close_wait_ages_s.size()> older{}; // by the lower bound
    AgeInterval oldest;                                          // holds the age of the oldest

    void add(const std::optional<AgeInterval>& age, bool with_keepalive);
    void add(const CloseWaitCounts& others);
};

/// CLOSE_WAIT sockets of one owner at one end point: the listener's for incoming ones, else the remote one.
struct CloseWaitGroup {
    EndPoint end_point; // port 0: many, of which too many came before
    bool incoming = false;
    std::uint32_t uid = 0;
    std::optional<std::uint64_t> cgroup;
    CloseWaitKind kind = CloseWaitKind::leaked;
    CloseWaitCounts all;
    CloseWaitCounts unlisted; // of these, the ones that the list of sockets had no room for
};

struct CloseWaitSocket {
    std::uint32_t group = 0;  // number of its CloseWaitGroup
    std::uint32_t inode = 0;  // 0: not accepted yet
    std::uint64_t cookie = 0; // 0: unknown
    std::optional<AgeInterval> age;
    bool keepalive = false;
};

/// What the descriptor, the queues and the timers of the socket say about it.
CloseWaitKind kind_of(const Socket& socket);

/// A socket that was in CLOSE_WAIT in every run since `first_seen`.
struct WaitingSocket {
    std::uint64_t cookie = 0;
    double first_seen = 0;
};

struct WaitingSockets {
    double uptime = 0;                  // of the run that saw them
    bool complete = false;              // no other socket was in CLOSE_WAIT then
    std::vector<WaitingSocket> sockets; // by cookie

    /// Null if it is not listed.
    const WaitingSocket* find(std::uint64_t cookie) const;
};

class CloseWaits {
  public:
    /// False if there was no room for another group.
    bool add(const Socket& socket, bool incoming);

    /// What earlier runs prove about ages: a socket that stood there then has waited since; one that did not,
    /// where all were listed, came later. `uptime`: when this list was read, in seconds since the boot.
    void prove_ages(const WaitingSockets& earlier, double uptime);
    /// For the next run; at most 2048, those first that waited longest.
    WaitingSockets waiting(double uptime) const;

    const std::vector<CloseWaitGroup>& groups() const { return groups_; }
    const std::vector<CloseWaitSocket>& sockets() const { return sockets_; }

  private:
    void prolong(CloseWaitSocket& socket, double least_s);
    CloseWaitGroup* group_of(const Socket& socket, bool incoming);

    using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint16_t, bool, std::uint32_t,
                           std::optional<std::uint64_t>, CloseWaitKind>;
    std::map<Key, std::uint32_t> numbers_;
    std::vector<CloseWaitGroup> groups_;
    std::vector<CloseWaitSocket> sockets_;
};

} // namespace snapshot
