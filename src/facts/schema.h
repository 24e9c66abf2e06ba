// The one list of every table and every fact. The man page tcpadvisor-facts(7), the rules and `explain` stand
// on it; the model must have a getter for each, in this order (checked when it is compiled).
#pragma once

#include "facts/table.h"

#include <string_view>

namespace facts {

inline constexpr auto host_columns = std::to_array<Column>({
    {"kernel", Type::text, "", "Kernel release."},
    {"orphans", Type::number, "sockets", "TCP sockets that no process holds any more, on the whole host."},
    {"max_orphans", Type::number, "sockets", "Limit of orphans: net.ipv4.tcp_max_orphans."},
    {"orphan_percent", Type::number, "%",
     "Orphans as a share of their limit; the kernel may halve or quarter the limit."},
    {"tcp_memory", Type::number, "pages", "Memory of all TCP sockets of the host."},
    {"tcp_memory_pressure", Type::number, "pages",
     "Where the kernel starts to save memory: net.ipv4.tcp_mem, second number."},
    {"tcp_memory_limit", Type::number, "pages",
     "Where the kernel refuses memory: net.ipv4.tcp_mem, third number."},
    {"tcp_memory_percent", Type::number, "%", "TCP memory as a share of its limit."},
    {"tcp_allocated", Type::number, "sockets",
     "TCP sockets of all namespaces, with those that are in no table."},
    {"files_open", Type::number, "files",
     "Open files of all processes of the host: fs.file-nr, first number."},
    {"files_max", Type::number, "files",
     "Where programs without privilege get no more: fs.file-max. Often without any bound, 2^63 - 1."},
    {"files_percent", Type::number, "%", "Open files as a share of their limit."},
});

inline constexpr auto namespace_columns = std::to_array<Column>({
    {"established", Type::number, "sockets", "Sockets in ESTABLISHED."},
    {"established_retrying", Type::number, "sockets",
     "Of these, with three or more retransmissions of the same data: nobody acknowledges it."},
    {"syn_sent", Type::number, "sockets", "Sockets in SYN_SENT: waiting for the answer to connect()."},
    {"syn_recv", Type::number, "sockets", "Sockets in SYN_RECV: a handshake that a client began."},
    {"fin_wait1", Type::number, "sockets", "Sockets in FIN_WAIT1: closed here, the FIN is not acknowledged."},
    {"fin_wait2", Type::number, "sockets", "Sockets in FIN_WAIT2: closed here, not yet by the peer."},
    {"fin_wait", Type::number, "sockets", "FIN_WAIT1 and FIN_WAIT2 together."},
    {"time_wait", Type::number, "sockets", "Sockets in TIME_WAIT."},
    {"close", Type::number, "sockets", "Sockets in CLOSE."},
    {"close_wait", Type::number, "sockets",
     "Sockets in CLOSE_WAIT: closed by the peer, not yet by the program here."},
    {"last_ack", Type::number, "sockets", "Sockets in LAST_ACK."},
    {"listen", Type::number, "sockets", "Sockets in LISTEN."},
    {"closing", Type::number, "sockets", "Sockets in CLOSING: both sides closed at the same time."},
    {"bound", Type::number, "sockets",
     "Sockets bound to a port and not connected; collected on demand (Linux 6.8)."},
    {"range_low", Type::number, "port", "First ephemeral port: net.ipv4.ip_local_port_range."},
    {"range_high", Type::number, "port", "Last ephemeral port."},
    {"range_size", Type::number, "ports", "Ports in the ephemeral range."},
    {"reserved", Type::number, "ports", "Ports of the range in net.ipv4.ip_local_reserved_ports."},
    {"reserved_percent", Type::number, "%", "Reserved ports as a share of the range."},
    {"usable", Type::number, "ports", "Ports of the range that are not reserved."},
    {"blocked", Type::number, "ports",
     "Usable ports that no connect() can take, to any destination: listeners, explicit binds, bound sockets; "
     "inferred as long as the latter two were not asked for."},
    {"blocked_percent", Type::number, "%", "Blocked ports as a share of the usable ones."},
    {"tw_reuse", Type::number, "", "net.ipv4.tcp_tw_reuse: 0 off, 1 on, 2 loopback only."},
    {"tw_reuse_delay", Type::number, "ms", "net.ipv4.tcp_tw_reuse_delay; 1000 on kernels without it."},
    {"timestamps", Type::number, "", "net.ipv4.tcp_timestamps: 0 off, 1 and 2 on."},
    {"fin_timeout", Type::number, "s", "net.ipv4.tcp_fin_timeout."},
    {"retries2", Type::number, "",
     "net.ipv4.tcp_retries2: how long data that nobody acknowledges keeps a connection alive."},
    {"somaxconn", Type::number, "connections", "net.core.somaxconn."},
    {"syncookies", Type::number, "",
     "net.ipv4.tcp_syncookies: 0 off, 1 when the SYN queue is full, 2 always."},
    {"max_tw_buckets", Type::number, "sockets", "net.ipv4.tcp_max_tw_buckets."},
    {"tw_buckets", Type::number, "sockets",
     "Timewait mini-sockets: TIME_WAIT and orphaned FIN_WAIT2 (sockstat tw)."},
    {"tw_bucket_percent", Type::number, "%", "Timewait mini-sockets as a share of tcp_max_tw_buckets."},
    {"ehash_entries", Type::number, "buckets",
     "Buckets of the table of connections: net.ipv4.tcp_ehash_entries."},
    {"tw_recycle", Type::number, "", "net.ipv4.tcp_tw_recycle, where the kernel still has it (before 4.12)."},
    {"conntrack_count", Type::number, "entries", "Connections that conntrack follows."},
    {"conntrack_max", Type::number, "entries", "net.netfilter.nf_conntrack_max."},
    {"conntrack_percent", Type::number, "%", "Conntrack entries as a share of their limit."},
    {"listen_overflows", Type::number, "",
     "Connections refused by a full accept queue since the namespace began (ListenOverflows)."},
    {"time_wait_overflows", Type::number, "",
     "TIME_WAIT sockets not made because of tcp_max_tw_buckets since the namespace began "
     "(TCPTimeWaitOverflow)."},
    {"ports_used_percent", Type::number, "%",
     "Highest used_percent of any destination; 0 without destinations."},
    {"ports_load_percent", Type::number, "%",
     "Highest load_percent of any destination; 0 without destinations."},
    {"accept_queue_percent", Type::number, "%",
     "Fullest accept queue as a share of its backlog; above 100 it is full."},
    {"close_wait_leaked", Type::number, "sockets",
     "CLOSE_WAIT sockets whose end of file was read, older than 60 s."},
    {"rate_interval", Type::number, "s",
     "The time that all rates are taken over: since the newest earlier run that was 30 s to an hour ago; "
     "absent "
     "without one."},
    {"listen_overflow_rate", Type::number, "per second",
     "Connections refused by a full accept queue (ListenOverflows)."},
    {"listen_drop_rate", Type::number, "per second",
     "Everything that listeners dropped, for whatever reason (ListenDrops)."},
    {"syn_queue_drop_rate", Type::number, "per second",
     "Connection attempts dropped because the SYN queue was full and cookies are off (TCPReqQFullDrop)."},
    {"syn_cookie_rate", Type::number, "per second",
     "SYN cookies sent because the SYN queue was full (SyncookiesSent)."},
    {"time_wait_overflow_rate", Type::number, "per second",
     "TIME_WAIT sockets not made because of tcp_max_tw_buckets (TCPTimeWaitOverflow)."},
    {"time_wait_reuse_rate", Type::number, "per second",
     "Connections that took the port of a TIME_WAIT socket (TWRecycled)."},
    {"memory_abort_rate", Type::number, "per second",
     "Connections reset for lack of memory or because of too many orphans (TCPAbortOnMemory)."},
    {"timeout_abort_rate", Type::number, "per second",
     "Connections given up after too many retransmissions or probes (TCPAbortOnTimeout)."},
    {"prune_rate", Type::number, "per second",
     "Receive queues that the kernel had to shrink for lack of memory (PruneCalled)."},
    {"active_open_rate", Type::number, "per second", "Connections begun by connect() (ActiveOpens)."},
    {"passive_open_rate", Type::number, "per second", "Connections that clients began (PassiveOpens)."},
    {"segment_rate", Type::number, "per second", "Segments sent, without retransmissions (OutSegs)."},
    {"retransmit_percent", Type::number, "%",
     "Segments sent again, as a share of segments sent (RetransSegs)."},
    {"conntrack_drop_rate", Type::number, "per second",
     "Packets dropped because conntrack could not follow their connection."},
    {"conntrack_insert_failed_rate", Type::number, "per second",
     "Connections that lost a race for their place in the table of conntrack."},
    {"conntrack_early_drop_rate", Type::number, "per second",
     "Connections that conntrack forgot to make room for others."},
    {"conntrack_time_wait", Type::number, "s", "net.netfilter.nf_conntrack_tcp_timeout_time_wait."},
    {"max_syn_backlog", Type::number, "requests", "net.ipv4.tcp_max_syn_backlog."},
    {"expected_rate", Type::number, "per second",
     "New connections to come, all together: --expect-rate; absent without it."},
    {"expected_destinations", Type::number, "",
     "Destinations that this host opens them to, evenly: --expect-destinations; absent if they come in."},
    {"expected_hold", Type::number, "s", "How long each stays open: --expect-hold."},
    {"expected_open", Type::number, "sockets", "Connections then open at the same time."},
    {"expected_time_wait", Type::number, "sockets",
     "Sockets then in TIME_WAIT if this host closes first: 60 s of the rate."},
    {"expected_port_time", Type::number, "s",
     "How long such a connection keeps its port: expected_hold and 62.1 s, or the delay of reuse where "
     "tcp_tw_reuse is 1 and timestamps are on. Inferred: this host closes first, the other end has "
     "timestamps. Without expected_hold it is the least: connections that are closed at once."},
    {"expected_ports", Type::number, "ports", "Ports then held towards each destination."},
    {"expected_ports_percent", Type::number, "%",
     "These as a share of the usable ports that are not blocked."},
    {"expected_conntrack", Type::number, "entries",
     "Entries of conntrack then needed, each kept after the connection for conntrack_time_wait, or else "
     "120 s."},
    {"expected_memory", Type::number, "pages", "Kernel memory of the connections then open, two pages each."},
    {"boot_tw_reuse", Type::number, "",
     "net.ipv4.tcp_tw_reuse after the next boot: from sysctl.d, else the kernel's default."},
    {"boot_timestamps", Type::number, "", "net.ipv4.tcp_timestamps after the next boot."},
    {"boot_no_assignments", Type::number, "",
     "Lines of the sysctl.d files that are neither an assignment nor a comment: they do nothing."},
    {"boot_no_assignment", Type::text, "", "FILE:LINE of the first of them."},
    {"dead_sockets", Type::number, "sockets",
     "TCP sockets that are in no table: reset or failed and not closed by their program, or not connected "
     "yet. "
     "Inferred from sockstat."},
    {"dead_socket_growth", Type::number, "per second",
     "Their growth over an hour: the lower of that of the last 25 minutes and that of the 25 before; absent "
     "without samples of that age."},
});

inline constexpr auto destination_columns = std::to_array<Column>({
    {"source", Type::text, "", "Local address of the connections."},
    {"remote", Type::text, "", "Remote address and port: 192.0.2.1:443."},
    {"remote_address", Type::text, "", "Remote address."},
    {"remote_port", Type::number, "port", "Remote port."},
    {"device", Type::number, "",
     "Interface index that the sockets are bound to (SO_BINDTODEVICE); 0 for none."},
    {"loopback", Type::boolean, "", "Source or remote is a loopback address (127.0.0.0/8 or ::1)."},
    {"connections", Type::number, "sockets", "Outgoing connections in any state."},
    {"established", Type::number, "sockets", "Of these, in ESTABLISHED."},
    {"established_retrying", Type::number, "sockets",
     "Of the established ones, with three or more retransmissions of the same data: nobody acknowledges it."},
    {"syn_sent", Type::number, "sockets", "Of these, in SYN_SENT."},
    {"syn_sent_retried", Type::number, "sockets", "Of these, in SYN_SENT with two or more retransmissions."},
    {"fin_wait", Type::number, "sockets", "Of these, in FIN_WAIT1 or FIN_WAIT2."},
    {"time_wait", Type::number, "sockets", "Of these, in TIME_WAIT."},
    {"close_wait", Type::number, "sockets", "Of these, in CLOSE_WAIT."},
    {"lasting", Type::number, "sockets",
     "Of these, the ones that stay: ESTABLISHED, CLOSE_WAIT and FIN_WAIT."},
    {"lasting_growth", Type::number, "per second",
     "Growth of `lasting`: the lower of that since the last run and that of four minutes or more before; "
     "absent "
     "without runs of that age."},
    {"in_use", Type::number, "ports",
     "Usable ports that this source and destination hold, less reusable TIME_WAIT."},
    {"held_by", Type::text, "", "What takes most of the ports that are not free: 930 held by TIME_WAIT."},
    {"blocked", Type::number, "ports", "Usable ports blocked for every destination and not in in_use."},
    {"free", Type::number, "ports",
     "Ports that connect() can still take; an estimate between free_min and free_max."},
    {"free_min", Type::number, "ports", "At least so many ports are free."},
    {"free_max", Type::number, "ports", "At most so many ports are free."},
    {"used_percent", Type::number, "%", "Share of the usable ports that are not free."},
    {"reuse_applies", Type::boolean, "",
     "The kernel may give ports in TIME_WAIT to new connections of this destination."},
    {"reusable", Type::number, "ports", "Ports in TIME_WAIT that may be reused now."},
    {"births_5s", Type::number, "per second",
     "New TIME_WAIT sockets a second over the last 5 s, from their timers."},
    {"births_15s", Type::number, "per second", "New TIME_WAIT sockets a second over the last 15 s."},
    {"births_60s", Type::number, "per second", "New TIME_WAIT sockets a second over the last 60 s."},
    {"turnover", Type::number, "ports",
     "Ports that short connections can use in turn: usable, less blocked, less those of live connections."},
    {"port_time", Type::number, "s",
     "How long a closed connection keeps its port: TIME_WAIT, 62.1 s at most (HZ=250), or the delay of its "
     "reuse."},
    {"sustainable_rate", Type::number, "per second", "Connections a second that never run out of ports."},
    {"load_percent", Type::number, "%", "births_60s as a share of sustainable_rate."},
    {"load_percent_15s", Type::number, "%", "births_15s as a share of sustainable_rate."},
    {"load_percent_lasting", Type::number, "%",
     "The lower of two shares of sustainable_rate: the rate of the last 5 s, and that of the 10 s before; no "
     "burst "
     "raises both."},
    {"peak_percent", Type::number, "%",
     "Highest used_percent of the next 60 s at the rate of now: births_5s, or births_15s while few sockets "
     "were born."},
    {"exhausted_in", Type::number, "s",
     "Seconds until no port is free at the rate of now, as in peak_percent, or at the growth of now, if that "
     "is "
     "sooner; absent if both are sustainable."},
    {"growth_exhausted_in", Type::number, "s",
     "Seconds until no port is free if `lasting` goes on growing; absent if it does not grow."},
});

inline constexpr auto source_columns = std::to_array<Column>({
    {"source", Type::text, "", "Local address of outgoing connections."},
    {"connections", Type::number, "sockets", "Outgoing connections from it, to all destinations."},
    {"ports", Type::number, "ports",
     "Distinct usable ports that they hold: what bind() with port 0 cannot take any more."},
    {"bound_ports", Type::number, "ports",
     "Of these, taken by bind() before connect(); inferred from parity where bind() left no mark."},
    {"pool_percent", Type::number, "%", "Ports held as a share of the usable ones."},
    {"destinations", Type::number, "", "Distinct destinations."},
});

inline constexpr auto listener_columns = std::to_array<Column>({
    {"listener", Type::text, "", "Local address and port."},
    {"address", Type::text, "", "Local address."},
    {"port", Type::number, "port", "Local port."},
    {"uid", Type::number, "", "User id of the owner."},
    {"accept_queue", Type::number, "connections", "Connections that wait for accept()."},
    {"backlog", Type::number, "connections", "Limit of the accept queue; it is full when it holds one more."},
    {"queue_percent", Type::number, "%", "Accept queue as a share of the backlog; above 100 it is full."},
    {"full", Type::boolean, "", "The accept queue is full: the kernel drops new connections."},
    {"in_range", Type::boolean, "", "The port lies in the ephemeral range."},
    {"is_reserved", Type::boolean, "", "The port is in net.ipv4.ip_local_reserved_ports."},
    {"fixed", Type::boolean, "",
     "The port was given to bind(), not chosen by the kernel; collected on demand."},
    {"established", Type::number, "sockets", "Incoming connections in ESTABLISHED."},
    {"established_retrying", Type::number, "sockets",
     "Of these, with three or more retransmissions of the same data: nobody acknowledges it."},
    {"syn_recv", Type::number, "sockets", "Incoming connections in SYN_RECV."},
    {"time_wait", Type::number, "sockets",
     "Incoming connections in TIME_WAIT: harmless, they hold no ephemeral port."},
    {"close_wait", Type::number, "sockets", "Incoming connections in CLOSE_WAIT."},
});

inline constexpr auto close_wait_columns = std::to_array<Column>({
    {"owner", Type::text, "",
     "Who holds the sockets: the systemd unit or container, else the processes of one command, else the user "
     "id and, where known, the control group."},
    {"uid", Type::number, "",
     "User id; missing for sockets that were never accepted and whose listener is gone."},
    {"unit", Type::text, "", "systemd unit; looked for with the process."},
    {"container", Type::text, "",
     "Container: its engine and the start of its number, or its name; looked for with the process."},
    {"process", Type::text, "",
     "Command of the process that is nearest to its limit of open files by these sockets, or holds most of "
     "them; of unaccepted ones, the process that holds the listener. Looked for when 5 sockets are stuck for "
     "5 s."},
    {"pid", Type::number, "", "Process id of that process."},
    {"fd", Type::number, "", "Its file descriptor of the oldest of them, or of the listener."},
    {"held", Type::number, "sockets",
     "Of the leaked and unread sockets of that process, those of at least 60 s: each costs it a descriptor."},
    {"nofile", Type::number, "files", "Its limit of open files; missing if it has none."},
    {"open_files", Type::number, "files", "Its open files in all (Linux 6.2)."},
    {"files_left", Type::number, "files", "What is left to it: nofile less open_files, never below 0."},
    {"processes", Type::number, "", "Processes that hold them; a socket that several share counts for one."},
    {"process_gap", Type::text, "",
     "Why no process is known, and which privilege would tell; missing if one is known."},
    {"end_point", Type::text, "", "The listener or remote end point with most of them."},
    {"listener", Type::text, "", "Where most of the unaccepted ones wait; missing if there are none."},
    {"total", Type::number, "sockets", "CLOSE_WAIT sockets of this owner."},
    {"leaked", Type::number, "sockets", "End of file was read, the socket not closed."},
    {"leaked_5s", Type::number, "sockets", "The same, for at least 5 s."},
    {"leaked_30s", Type::number, "sockets", "The same, for at least 30 s."},
    {"leaked_60s", Type::number, "sockets", "The same, for at least 60 s."},
    {"leaked_300s", Type::number, "sockets", "The same, for at least 5 minutes."},
    {"leaked_3600s", Type::number, "sockets", "The same, for at least an hour."},
    {"leaked_86400s", Type::number, "sockets", "The same, for at least a day."},
    {"unread", Type::number, "sockets", "End of file, or data before it, was never read."},
    {"unread_5s", Type::number, "sockets", "The same, for at least 5 s."},
    {"unread_30s", Type::number, "sockets", "The same, for at least 30 s."},
    {"unread_60s", Type::number, "sockets", "The same, for at least 60 s."},
    {"unread_300s", Type::number, "sockets", "The same, for at least 5 minutes."},
    {"unread_3600s", Type::number, "sockets", "The same, for at least an hour."},
    {"unread_86400s", Type::number, "sockets", "The same, for at least a day."},
    {"unaccepted", Type::number, "sockets", "Never accepted: no process has a descriptor for them."},
    {"unaccepted_5s", Type::number, "sockets", "The same, for at least 5 s."},
    {"unaccepted_30s", Type::number, "sockets", "The same, for at least 30 s."},
    {"unaccepted_60s", Type::number, "sockets", "The same, for at least 60 s."},
    {"unaccepted_300s", Type::number, "sockets", "The same, for at least 5 minutes."},
    {"unaccepted_3600s", Type::number, "sockets", "The same, for at least an hour."},
    {"unaccepted_86400s", Type::number, "sockets", "The same, for at least a day."},
    {"half_closed", Type::number, "sockets", "Still sending to a peer that closed its side: legitimate."},
    {"oldest", Type::number, "s", "Proven age of the oldest; keepalive answers make it look younger."},
    {"oldest_most", Type::number, "s",
     "The oldest is at most so old: nothing but the end of file came later."},
    {"keepalive", Type::number, "sockets",
     "Sockets whose keepalive timer runs: they may be older than they look."},
    {"growth", Type::number, "per second",
     "Growth of leaked and unread: the lower of that since the last run and that of four minutes or more "
     "before; "
     "absent without runs of that age."},
    {"file_limit_in", Type::number, "s",
     "Seconds until the process reaches its limit of open files at that growth; absent if it does not grow."},
});

inline constexpr auto sysctl_columns = std::to_array<Column>({
    {"name", Type::text, "", "Dotted name: net.ipv4.tcp_fin_timeout."},
    {"runtime", Type::text, "", "The value now, as the kernel prints it."},
    {"number", Type::number, "", "The value now, for sysctls with one number."},
    {"default", Type::text, "", "The kernel's default, where it does not depend on the machine."},
    {"default_number", Type::number, "", "The default, for sysctls with one number."},
    {"per_namespace", Type::boolean, "", "Each network namespace has its own value."},
    {"boot", Type::text, "",
     "The value that the sysctl.d files will set at the next boot; collected on demand."},
    {"boot_origin", Type::text, "", "FILE:LINE that sets the boot value."},
    {"drifted", Type::boolean, "", "The boot value differs from the value now."},
    {"boot_refused", Type::boolean, "",
     "The kernel will not take the boot value as it is written, so the line changes nothing."},
    {"outvoted", Type::text, "",
     "Another value that a line in a file below /etc gives, to no avail: the line of boot_origin wins."},
    {"outvoted_origin", Type::text, "", "FILE:LINE of that line."},
    {"by_hand", Type::text, "",
     "What 'sysctl --system' sets, where that is not the boot value: it reads /etc/sysctl.conf after all "
     "others, a boot with systemd does not read it."},
    {"by_hand_origin", Type::text, "", "FILE:LINE that sets that value."},
    {"dead", Type::boolean, "",
     "A file sets it, and this kernel has no such sysctl. Settings net.ipv4.tcp_* that the program does not "
     "know have a row only if they are dead."},
});

/// The schema of each table, in the order of TableId.
std::span<const Schema> schemas();
const Schema& schema(TableId which);
const Schema* find_schema(std::string_view name);

// How facts follow from other facts of the same row, as expressions: `explain` shows them with the numbers of
// this host, and a test holds each against the model.

struct Formula {
    TableId table = TableId::host;
    std::string_view fact;
    std::string_view expression;
};

std::span<const Formula> formulas();

/// The expression of a fact; empty if it was counted and not computed.
std::string_view formula_of(TableId table, std::string_view fact);

} // namespace facts
