// The whole snapshot: one host, one or more network namespaces, and what may be asked for beyond the base
// pass. Every sysctl, counter and socket belongs to a namespace, because a child namespace starts from kernel
// defaults and not from the host's values. Plain data, free of judgement.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "snapshot/address.h"
#include "snapshot/census.h"
#include "snapshot/counters.h"
#include "snapshot/local_port.h"
#include "snapshot/nat.h"
#include "snapshot/owners.h"
#include "snapshot/socket.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snapshot {

struct BootValue {
    std::string value;
    std::string origin;    // "/etc/sysctl.d/60-ports.conf:3"
    bool may_fail = false; // "-key = value": whoever wrote it does not mind if the kernel has no such sysctl
    std::optional<bool> before_boot = {}; // its file was last changed before the running system was booted
    std::size_t order = 0;                // of the lines that a boot applies
};

/// By the dotted name of the sysctl.
using BootValues = std::map<std::string, BootValue, std::less<>>;

/// A line that does nothing at boot, because the module of its sysctl is loaded after the files are applied.
struct LateSysctl {
    std::string module;
    BootValue boot;
    std::optional<std::string> now; // none while the module is not loaded
};

/// What the files of sysctl.d say: the assignments that win at the next boot, with the lines that make them,
/// and what in the files does not do what its author meant.
struct BootSysctls {
    BootValues values;   // what the boot sets, of the sysctls that the program knows
    BootValues by_hand;  // what `sysctl --system` sets, where that is another value
    BootValues outvoted; // the last line below /etc that gives another value, to no avail
    BootValues dead;     // unknown to the program and to this kernel
    std::map<std::string, LateSysctl, std::less<>> late; // of modules that a boot loads too late
    std::set<std::string, std::less<>> maybe_late; // of modules of which nobody tells when they are loaded
    std::set<std::string, std::less<>> refused;    // of `values`: beyond the bounds of the kernel
    std::uint64_t no_assignments = 0;              // lines that are neither an assignment nor a comment
    std::vector<std::string> no_assignment_lines;  // FILE:LINE of the first hundred
    std::optional<base::Gap> unread; // the first file that could not be read: then no value is certain
};

/// Live sockets with and without TCP timestamps.
struct Timestamps {
    std::uint32_t with = 0;
    std::uint32_t without = 0;
};

struct PeerSocket {
    Address source;
    std::uint16_t port = 0; // local
    std::uint32_t device = 0;
    TcpState state = TcpState::established;
    std::uint32_t uid = 0;
    std::uint32_t inode = 0; // 0: no process holds it any more
    std::optional<std::uint64_t> cgroup;
};

/// The live sockets towards one remote end, one by one: who holds them, and what they negotiated. Collected
/// only for the few remote ends that a question is about.
struct Peer {
    EndPoint remote;
    Timestamps timestamps;
    std::vector<PeerSocket> sockets;             // at most one range of ports for each source
    std::optional<Owners> owners = std::nullopt; // if somebody asked who holds them
};

/// Where a snapshot comes from when it is neither the kernel nor a capture of one, and what such a source
/// cannot tell. What follows from it is the model's question.
struct Provenance {
    std::string name; // "the text of ss"; empty: a kernel told everything itself
    /// Ages of TIME_WAIT and retransmissions are not told: the sockets look as if they were of now.
    std::optional<base::Gap> no_timers;
    bool has_backlogs = true; // of listeners
    bool has_users = true;    // whose sockets they are
    bool has_ipv6 = true;     // the table of IPv6 is there
    bool has_modules = false; // which modules a boot loads when: a foreign machine that tells it
    /// Nothing shows that the socket table is there from its start to its end: nothing that was seen is wrong
    /// with it, but nothing may be called OK for what was not seen.
    std::optional<base::Gap> unproven;
    StateCounts named{};         // sockets whose ends were told by names: known by their state alone
    std::vector<base::Gap> gaps; // what else was passed over
    std::string next_time;       // the command that tells more; empty if there is none

    bool is_foreign() const { return !name.empty(); }
};

/// What may be collected beyond the base pass, because it costs another walk of the kernel's socket table, or
/// one over all processes.
struct Request {
    std::size_t place = 0; // index of the namespace in the host
    bool explicit_binds = false;
    bool bound_sockets = false;
    bool early_binds = false; // which connections may have been bound early; tells nothing before Linux 6.18
    bool routes = false;      // from which address routing would connect to the busiest remote ends
    std::vector<EndPoint> peers = {};            // whose live sockets to look at one by one
    bool peer_owners = false;                    // and who holds those
    bool queue_owners = false;                   // who holds the listeners whose accept queue is not empty
    std::vector<std::uint16_t> queue_ports = {}; // of listeners: how long connections wait for accept() there
    bool idle = false; // how long open connections without keepalive have been silent
    bool nat = false;  // the connections whose source is translated
    std::optional<std::uint16_t> local_port = std::nullopt; // whose sockets to list, with who holds them
    bool boot_sysctls = false; // sysctl.d: what a boot sets in the initial namespace
    /// Who holds the CLOSE_WAIT sockets of at least this age; the holders of others are noted in passing.
    std::optional<std::uint32_t> owners_of_age_ms = std::nullopt;
};

/// Where the sockets came from; /proc/net/tcp cannot tell ages, explicit binds or bound sockets.
enum class SocketSource { none, sock_diag, proc };

/// What nobody has asked for yet.
inline base::Gap not_asked(std::string what) {
    return {std::move(what), base::Why::not_collected, {}};
}

struct Netns {
    std::string label;    // "this namespace", a name below /run/netns, "pid 42"
    std::uint64_t id = 0; // inode of the namespace file, 0 if unknown; a later namespace may get it again
    std::string path;     // of the namespace file, as whoever runs the program opens it; empty: is in it
    std::optional<std::uint64_t> cookie; // never used again until the next boot (Linux 5.14)
    Sysctls sysctls;
    Counters counters;
    std::optional<BootSysctls> boot_sysctls; // none until asked for
    std::optional<Owners> owners;            // of CLOSE_WAIT sockets; none until asked for
    std::optional<Owners> queue_owners; // of listeners whose accept queue is not empty; none until asked for
    /// What source NAT has given out; a gap until asked for.
    base::Result<NatTable, base::Gap> nat = not_asked("what source NAT has given out");
    Census sockets;
    /// Those that are neither in TIME_WAIT nor in SYN_RECV, if they are a handful; else none.
    std::optional<std::vector<Socket>> live;
    std::optional<LocalPort> local_port;    // none until asked for
    std::vector<Peer> peers;                // remote ends that were looked at more closely
    std::vector<std::uint16_t> queue_ports; // of listeners whose waiting connections were asked for
    base::Result<base::Nothing, base::Gap> waits = not_asked("how long connections wait for accept()");
    base::Result<base::Nothing, base::Gap> idle = not_asked("how long open connections have been silent");
    /// The local address that routing chooses towards a remote one (as text), for busy remotes.
    std::map<std::string, Address> routed_sources;
    bool routes_known = false; // were they asked for?
    SocketSource source = SocketSource::none;
    Provenance provenance;
    /// The socket table is missing or incomplete: nothing about sockets may be called OK.
    std::optional<base::Gap> lost_sockets;
    std::vector<base::Gap> gaps; // everything else that was not seen

    /// Why nothing about sockets may be called OK; none if all of them were seen.
    const std::optional<base::Gap>& incomplete_sockets() const {
        return lost_sockets ? lost_sockets : provenance.unproven;
    }

    /// Null if nobody looked at it.
    const Peer* find_peer(const EndPoint& remote) const {
        const auto found =
            std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) { return peer.remote == remote; });
        return found == peers.end() ? nullptr : &*found;
    }
};

struct Host {
    std::string name;
    std::string kernel;           // release, "6.1.0-18-amd64"
    double time = 0;              // seconds since the epoch
    std::string boot_id;          // empty if unknown
    std::optional<double> uptime; // seconds since the boot
    /// /proc/sys is mounted so, as in most containers: nobody inside can set a sysctl.
    bool sysctls_are_read_only = false;
    std::vector<Netns> namespaces;
};

} // namespace snapshot
