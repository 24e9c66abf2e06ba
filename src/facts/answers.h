// What commands answer beside the findings: the port arithmetic of destinations (`ports`, and the rows of the
// `destination` table), connections by state (`states`), the picture of a host (`report`), one look of
// `watch`. Plain data, judges nothing; a value that could not be known is empty.
#pragma once

#include "base/gap.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace facts {

struct TimeWaitReuse {
    bool applies = false;
    bool inferred = false;      // no evidence that the other end sends timestamps
    std::uint32_t reusable = 0; // ports
    std::string reason;         // why it applies or not, one clause
};

struct PortHolder {
    std::string name; // process, unit or user; printable
    std::uint32_t ports = 0;
    bool inferred = false;
};

/// Why ports are lost to every destination; each port counts once.
struct BlockedBy {
    std::uint32_t listeners = 0;
    std::uint32_t services = 0;       // accepted connections whose listener is gone
    std::uint32_t bound = 0;          // bound and not connected
    std::uint32_t explicit_binds = 0; // connected after bind() with a port
    std::uint32_t suspected = 0;      // look as if bind() with port 0 had taken them
};

/// Can a connection be made at all, ports aside?
struct Reach {
    bool possible = true;
    std::string call = {};   // that fails: "connect()"
    std::string error = {};  // "ENETUNREACH"
    std::string reason = {}; // one clause
};

/// Ports from `low` to `high`.
struct PortBand {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t in_use = 0;

    std::uint32_t size() const { return high - low + 1; }
};

struct Destination {
    std::optional<std::string> local; // none: unknown in a replay
    std::string remote;               // address, without brackets
    std::uint16_t remote_port = 0;
    std::uint32_t device = 0;
    bool loopback = false;

    std::uint32_t connections = 0; // all states
    /// Every state that a connection can have, by netstat name, in the order of its life.
    std::vector<std::pair<std::string, std::uint32_t>> states;
    std::uint32_t established = 0;
    std::uint32_t syn_sent = 0;
    std::uint32_t time_wait = 0;

    std::uint32_t usable = 0; // range less reserved
    std::uint32_t in_use = 0;
    std::uint32_t blocked = 0;
    std::uint32_t free = 0;
    std::uint32_t free_min = 0;
    std::uint32_t free_max = 0;
    double used_percent = 0;
    std::string inferred_because; // why free_min and free_max differ; empty if they do not

    TimeWaitReuse reuse;

    /// Why the rates and forecasts that follow mean nothing, and syn_sent_retried with them.
    std::optional<base::Gap> no_timers;
    double entries_5s = 0; // per second
    double entries_15s = 0;
    double entries_60s = 0;
    double sustainable_rate = 0; // per second
    double load_percent = 0;
    double load_percent_15s = 0;
    double peak_percent = 0;
    std::optional<double> exhausted_in; // seconds; none if the rate is sustainable
    /// The same if a rate that grows does not grow any more.
    std::optional<double> exhausted_at_this_rate;

    std::optional<BlockedBy> blocked_by; // both only for a destination that was asked about
    std::vector<PortHolder> holders;     // most ports first
    std::uint32_t on_devices = 0;        // connections between the same ends, bound to another device
    std::optional<PortBand> own_range;   // that sockets with IP_LOCAL_PORT_RANGE seem to choose from
    std::string own_binds;      // ports of it that bind() chose: "40123,40130-40134"; empty: none known
    std::optional<Reach> reach; // none: not known, as in most replays
    std::optional<bool> routed; // routing would choose `local`; none: not known
};

struct NetnsPorts {
    std::string label;
    std::uint64_t id = 0;
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t size = 0;
    std::uint32_t reserved = 0;
    std::optional<std::uint64_t> udp_sockets; // which are not judged
    std::vector<Destination> destinations;    // busiest first
    std::size_t left_out = 0;                 // of those that were asked for, because --top allows no more
    /// Nothing can be computed: no range, or no sockets. Then all numbers above are void.
    std::optional<base::Gap> unknown;
    std::vector<base::Gap> gaps;
};

/// May a program do it with the port? None: that depends on what cannot be seen.
struct PortVerdict {
    std::optional<bool> possible;
    std::string error = {}; // "EADDRINUSE", of what is not possible; empty if there is none
    std::string note = {};  // why, or how
};

/// A socket on a local port that somebody asks about.
struct PortSocket {
    /// In the order of their weight for a server that wants the port.
    enum class Role { listens, outgoing, outgoing_bound, outgoing_or_accepted, bound, accepted, orphaned };
    std::string_view state;  // netstat's name
    std::string local = {};  // end points; safe for every reader
    std::string remote = {}; // empty if it is not connected
    Role role = Role::listens;
    std::string holder = {}; // process, unit or user, or that there is none; printable
    bool has_process = false;
    std::optional<std::uint32_t> uid = {};
    std::optional<double> expires_in = {}; // seconds
    std::string until = {};                // what ends it beside that; may be empty
};

/// One local port of one namespace.
struct PortAnswer {
    std::string label;
    std::uint64_t id = 0;
    std::uint16_t port = 0;
    std::optional<PortBand> range; // that connect() chooses from; none: not known
    bool reserved = false;
    PortVerdict bind;                 // to any address, without SO_REUSEADDR
    PortVerdict listen;               // after bind() with SO_REUSEADDR
    PortVerdict connect;              // does it choose the port?
    std::vector<PortSocket> sockets;  // those that matter most first
    std::uint64_t more = 0;           // beyond the list
    std::optional<double> free_in;    // seconds until all have expired; none: somebody must do something
    std::string reserved_now;         // ip_local_reserved_ports, and as it would keep connect() away;
    std::string reserved_then;        // both empty if that is not needed
    std::string netns_path;           // of its file; empty: the namespace of whoever runs the program
    bool on_node = false;             // only the node can set a sysctl: /proc/sys is read-only here
    std::optional<base::Gap> unknown; // the sockets could not be read: nothing above is certain
    std::vector<base::Gap> gaps;
};

struct StateCount {
    std::string_view name;             // netstat's: "TIME_WAIT"
    std::optional<std::uint64_t> ipv4; // none: not collected
    std::optional<std::uint64_t> ipv6;
    std::uint64_t named = 0; // of some family: their ends were told by names
};

/// /proc/net/sockstat and sockstat6: what `ss -s` sums up. `orphan`, `allocated` and `memory` are the whole
/// host's.
struct Sockstat {
    std::optional<std::uint64_t> in_use;
    std::optional<std::uint64_t> in_use6;
    std::optional<std::uint64_t> orphan;
    std::optional<std::uint64_t> time_wait; // with orphaned FIN_WAIT2
    std::optional<std::uint64_t> allocated;
    std::optional<std::uint64_t> memory; // pages
};

/// What `ss -s` prints beside, of /proc/net/sockstat, sockstat6 and snmp: sockets of this namespace.
struct SocketSummary {
    struct Transport {
        std::string_view name; // "UDP"
        std::optional<std::uint64_t> ip;
        std::optional<std::uint64_t> ipv6; // 0 where IPv6 is off
    };
    std::optional<std::uint64_t> total;       // of any kind, UNIX and netlink too
    std::optional<std::int64_t> tcp;          // with TIME_WAIT, but without what no table holds twice
    std::optional<std::uint64_t> established; // with CLOSE_WAIT, as the kernel's CurrEstab counts
    std::optional<std::int64_t> closed;       // allocated on the host and in no table of this namespace
    std::vector<Transport> transports;        // RAW, UDP, TCP, INET, FRAG; empty if nothing is known
};

struct NetnsStates {
    std::string label;
    std::uint64_t id = 0;
    std::vector<StateCount> states; // in the order of a connection's life, every name always
    std::string source;             // "sock_diag" or "procfs"
    Sockstat sockstat;
    SocketSummary summary;
    /// The socket table could not be read, or not all of it: there are at least so many, if any were counted.
    std::optional<base::Gap> unknown;
    std::vector<base::Gap> gaps;
    std::string next_time; // the command that tells more; empty if there is none

    /// Was anything counted at all?
    bool counted() const {
        return std::any_of(states.begin(), states.end(), [](const StateCount& state) {
            return state.ipv4.value_or(0) + state.ipv6.value_or(0) + state.named > 0;
        });
    }
};

/// Bins of the TIME_WAIT histogram: 5 s each, the last one for the timer's slack at 60 s and more.
constexpr std::uint32_t age_bin_seconds = 5;
constexpr std::size_t age_bin_count = 13;

/// "At least so old", in seconds, for CLOSE_WAIT.
constexpr std::array<std::uint32_t, 6> waiting_steps_s = {5, 30, 60, 300, 3600, 86400};

/// CLOSE_WAIT sockets of one owner.
struct WaitingOwner {
    std::string owner;     // unit, container, command or user; printable
    std::string process;   // "java (pid 4711)"; empty if none is known
    std::string end_point; // with most of them
    std::uint32_t total = 0;
    std::uint32_t leaked = 0;      // end of file read, not closed
    std::uint32_t unread = 0;      // end of file not read
    std::uint32_t unaccepted = 0;  // never accepted
    std::uint32_t half_closed = 0; // still sending: legitimate
    /// All but half-closed ones, at least as old as each step; none where ages are unknown.
    std::optional<std::array<std::uint32_t, waiting_steps_s.size()>> older;
    std::optional<double> oldest; // seconds, proven
};

struct ListenerQueue {
    std::string listener; // address and port
    std::string holder;   // "nginx.service, nginx (pid 812)"; empty if nobody looked
    std::uint32_t queue = 0;
    std::optional<std::uint32_t> limit; // none: only sock_diag tells it
    std::uint32_t established = 0;
    std::uint32_t syn_recv = 0;
};

struct NetnsPicture {
    NetnsStates states;
    NetnsPorts ports;                                          // only the busiest destinations
    std::array<std::uint32_t, age_bin_count> time_wait_ages{}; // of connections that no listener here owns
    std::vector<WaitingOwner> close_wait;                      // most sockets first
    std::vector<ListenerQueue> queues;                         // that are not empty, longest first
    std::size_t listeners = 0;
    std::size_t owners_left_out = 0; // of CLOSE_WAIT
    std::size_t queues_left_out = 0;
};

struct Picture {
    std::vector<NetnsPicture> namespaces;
};

/// How fast a counter grew since the last look.
struct Movement {
    std::string_view what; // "refused by a full accept queue"
    double per_second = 0;
};

struct NetnsLook {
    NetnsStates states;
    NetnsPorts ports;
    std::vector<Movement> movements; // of what moved
};

struct Look {
    double seconds = 0; // since the last look; 0: this is the first
    std::vector<NetnsLook> namespaces;
};

} // namespace facts
