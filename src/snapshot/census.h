// The sink that sockets are streamed into: it counts and interns, and keeps no socket. Free of judgement: it
// knows ports 0..65535 and ages, but no range, no threshold and no sysctl. Memory is bounded by the
// connections (8 bytes each) and by caps whose overflow is counted.
#pragma once

#include "snapshot/close_wait.h"
#include "snapshot/flow_table.h"
#include "snapshot/socket.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace snapshot {

using StateCounts = std::array<std::uint32_t, state_count>;
using PortSet = std::bitset<65536>;

/// Ports that are mostly none: memory is taken for the first one.
class SparePorts {
  public:
    bool test(std::uint16_t port) const { return !ports_.empty() && ports_.front().test(port); }
    void set(std::uint16_t port) { taken().set(port); }
    void set_all() { taken().set(); }
    const PortSet& get() const {
        static const PortSet none;
        return ports_.empty() ? none : ports_.front();
    }

  private:
    PortSet& taken() {
        if (ports_.empty()) {
            ports_.resize(1);
        }
        return ports_.front();
    }

    std::vector<PortSet> ports_; // one at most
};

/// One connection that no listener owns. `detail` depends on the state: TIME_WAIT: age in units of 16 ms
/// (0..3750, 3751 for 60 s and more); SYN_SENT: retransmissions; ESTABLISHED: the same while their timer
/// runs, and `retrying_long`; FIN_WAIT2: 1 for a timewait mini-socket; else 0.
struct SocketRecord {
    std::uint32_t flow = 0;
    std::uint16_t port = 0;
    std::uint16_t state_and_detail =
        0; // 4 and 12 bits; no bit-fields, whose partial writes are slow to read back

    TcpState state() const { return static_cast<TcpState>(state_and_detail & 0xF); }
    std::uint16_t detail() const { return state_and_detail >> 4; }
    static constexpr std::uint16_t packed(std::uint8_t state, std::uint16_t detail) {
        return static_cast<std::uint16_t>(state | (detail << 4));
    }
};
static_assert(sizeof(SocketRecord) == 8);
constexpr std::uint32_t age_unit_ms = 16;
constexpr std::uint32_t time_wait_ms = 60'000; // TCP_TIMEWAIT_LEN
constexpr std::uint16_t age_over = time_wait_ms / age_unit_ms + 1;
constexpr std::uint16_t retrying_long = 0x100; // added to the retransmissions: for 10 s at least

/// What waits in the queues of connections that have something in common.
struct Queues {
    std::uint64_t send_bytes = 0;    // not sent, or not acknowledged
    std::uint64_t recv_bytes = 0;    // not read
    std::uint32_t stalled = 0;       // sockets that is_stalled() holds for
    std::uint64_t stalled_bytes = 0; // what they have to send

    void add(const Queues& more);
};

/// Connections that nobody has accepted yet, by the time since their handshake.
struct Waits {
    std::uint32_t count = 0;
    std::uint32_t older_10s = 0;
    std::uint32_t oldest_ms = 0;
};

/// Open connections without keepalive on which nothing came and nothing went for so long.
struct Quiet {
    std::uint32_t for_60s = 0;
    std::uint32_t for_3600s = 0;
    std::uint32_t longest_ms = 0;
};

struct Listener {
    Address address;
    std::uint16_t port = 0;
    std::uint32_t device = 0;
    Family family = Family::ipv4;
    bool v6_only = false;
    std::uint32_t accept_queue = 0;
    std::uint32_t backlog = 0; // unknown to /proc
    std::uint32_t uid = 0;
    std::uint32_t inode = 0;
    std::optional<std::uint64_t> cgroup;
    StateCounts connections{}; // of the first listener that matches, when several share an end point
    std::uint32_t established_retrying = 0; // of these, is_retrying()
    Queues queues;                          // of these
    Waits waits;                            // in the accept queues of all listeners at this end point
    Quiet quiet;                            // of its connections
};

class Census {
  public:
    explicit Census(std::uint64_t seed = 0);

    /// A listening socket. All of them before the first connection, so that connections find their listener.
    void add_listener(const Socket& socket);
    /// Any other socket of the base dump. One that was seen a moment ago (same cookie) is left out.
    void add(const Socket& socket);
    /// The same a few sockets later, so that its memory can be fetched meanwhile: for large dumps. Nothing
    /// may be read before settle().
    void add_soon(const Socket& socket);
    void settle();
    /// A CLOSE_WAIT socket again, now with its tcp_info if there is one. Not counted a second time.
    void add_close_wait(const Socket& socket);
    /// A socket whose port was given explicitly to bind().
    void add_explicit(const Socket& socket);
    /// A full socket with its options: those without IP_BIND_ADDRESS_NO_PORT may have been bound early.
    void add_options(const Socket& socket);
    /// An open connection of a listener, with its tcp_info: if nobody has accepted it, it waits.
    void add_waiting(const Socket& socket);
    /// An open connection with its tcp_info: is it quiet?
    void add_idle(const Socket& socket);
    /// A bound but unconnected socket.
    void add_bound(const Socket& socket);
    /// Says that the explicit binds, or the bound sockets, are complete now; without it their sets mean
    /// nothing.
    void explicit_binds_complete() { explicit_known_ = true; }
    void bound_complete() { bound_known_ = true; }
    void options_complete() { options_known_ = true; }
    /// Options prove nothing on this kernel.
    void every_port_may_be_early() {
        early_ports_.set_all();
        options_known_ = true;
    }

    const StateCounts& counts(Family family) const { return counts_[static_cast<std::size_t>(family)]; }
    std::uint32_t count(TcpState state) const;
    /// Open connections without any timer: nothing is under way, and no keepalive looks after them.
    std::uint32_t without_timer() const { return without_timer_; }
    Quiet quiet_of(std::uint32_t flow) const;
    /// Listening sockets at the same end point, and how many of them have a queue that is not empty.
    struct Group {
        std::uint32_t listeners = 0;
        std::uint32_t waiting = 0;
        Waits waits;
    };
    Group group_of(const Listener& listener) const;
    /// Sockets that is_retrying() holds for.
    std::uint32_t established_retrying() const { return established_retrying_; }

    const std::vector<Listener>& listeners() const { return listeners_; }
    const FlowTable& flows() const { return flows_; }
    std::size_t record_count() const { return records_.size(); }
    const SocketRecord& record(std::size_t at) const { return records_[at]; }
    /// What waits in the queues of each flow's sockets, by its number; only of flows that have something
    /// there.
    const std::unordered_map<std::uint32_t, Queues>& flow_queues() const { return queues_; }
    Queues queues_of(std::uint32_t flow) const;

    /// Ports that thousands of remotes share: a service whose listener is gone. Records of them count for
    /// nothing.
    const std::map<std::uint16_t, StateCounts>& services() const { return services_; }

    const std::vector<CloseWaitGroup>& close_waits() const { return close_waits_.groups(); }
    /// Each of them, as far as the list has room for it.
    const std::vector<CloseWaitSocket>& close_wait_sockets() const { return close_waits_.sockets(); }
    /// Ages of CLOSE_WAIT sockets that earlier runs prove, and what the next run wants to know; see
    /// CloseWaits.
    void prove_ages(const WaitingSockets& earlier, double uptime) {
        close_waits_.prove_ages(earlier, uptime);
    }
    WaitingSockets waiting(double uptime) const { return close_waits_.waiting(uptime); }
    /// Outgoing connections that a process of this user and control group has closed for writing and still
    /// holds, whose peer goes on (FIN_WAIT2): all of them, and the remote end with most. Those to `own`, the
    /// end point of a service of the same user, are left out: that service waits for nobody.
    struct Awaited {
        std::uint32_t sockets = 0;
        EndPoint peer;
    };
    Awaited awaited_by(std::uint32_t uid, const std::optional<std::uint64_t>& cgroup,
                       const EndPoint& own) const;

    /// The listener in whose queue the group waits for accept(), or null. Of several at the end point, the
    /// one with the longest queue.
    const Listener* listener_behind(const CloseWaitGroup& group) const;

    /// Ports with an explicitly bound socket; null until they were asked for.
    const PortSet* explicit_ports() const { return explicit_known_ ? &explicit_ports_.get() : nullptr; }
    /// Ports with a bound but unconnected socket; null until they were asked for.
    const PortSet* bound_ports() const { return bound_known_ ? &bound_ports_.get() : nullptr; }

    /// Ports with a full socket whose bind(), if it called it, may have chosen the port before connect() did:
    /// IP_BIND_ADDRESS_NO_PORT is not set. Null until they were asked for.
    const PortSet* early_ports() const { return options_known_ ? &early_ports_.get() : nullptr; }

    /// Sockets that no cap had room for, in any table.
    std::uint64_t overflow() const { return overflow_; }
    std::uint64_t duplicates() const { return duplicates_; }

  private:
    bool seen_before(std::uint64_t cookie);
    void note_awaited(const Socket& socket);
    Listener* listener_of(const Socket& socket);
    /// What is left to do for a socket that no listener and no service owns.
    struct Pending {
        Flow flow;
        std::uint64_t hash = 0;
        SocketRecord record;
        Queues queues;
    };
    /// Counts the socket; true if `pending` now holds the rest of the work.
    bool count(const Socket& socket, Pending& pending);
    void place(const Pending& pending);
    std::uint16_t& flows_of(std::uint16_t port);

    std::array<StateCounts, 2> counts_{};
    std::uint32_t established_retrying_ = 0;
    std::uint32_t without_timer_ = 0;
    std::unordered_map<std::uint32_t, Quiet> quiet_; // of the flows that have any
    std::vector<Listener> listeners_;
    std::map<std::uint16_t, std::vector<std::uint32_t>> listeners_by_port_;
    SparePorts listener_ports_;
    std::bitset<1024> owned_; // low bits of the ports of listeners and services: stays in the fastest cache
    bool may_be_owned(std::uint16_t port) const { return owned_.test(port % 1024); }
    FlowTable flows_;
    Chunks<SocketRecord, 16384> records_;
    std::unordered_map<std::uint32_t, Queues> queues_; // of the flows that have something in them
    /// Distinct flows of each local port, up to the folding point; a page of ports has memory from the first
    /// on.
    std::vector<std::vector<std::uint16_t>> flows_of_port_;
    SparePorts service_ports_;
    std::map<std::uint16_t, StateCounts> services_;
    CloseWaits close_waits_;
    using Waiting =
        std::tuple<std::uint32_t, std::optional<std::uint64_t>, std::uint64_t, std::uint64_t, std::uint16_t>;
    std::map<Waiting, std::uint32_t> awaited_; // by user, control group and remote end
    SparePorts explicit_ports_;
    SparePorts bound_ports_;
    bool explicit_known_ = false;
    SparePorts early_ports_;
    bool bound_known_ = false;
    bool options_known_ = false;
    std::uint64_t overflow_ = 0;
    std::uint64_t duplicates_ = 0;
    std::vector<std::uint32_t> recent_cookies_;
    static constexpr std::size_t ahead = 16;
    std::array<Pending, ahead> pending_;
    std::size_t first_pending_ = 0; // both only grow; the place is the remainder by `ahead`
    std::size_t next_pending_ = 0;
};

} // namespace snapshot
