// The one list of every table and every fact. The man page tcpadvisor-facts(7), the rules and `explain` stand on it;
// the model must have a getter for each, in this order (checked when it is compiled).
#pragma once

#include "facts/table.h"

namespace facts {

inline constexpr auto host_columns = std::to_array<Column>({
    {"kernel", Type::text, "", "Kernel release."},
    {"orphans", Type::number, "sockets", "TCP sockets that no process holds any more, on the whole host."},
    {"max_orphans", Type::number, "sockets", "Limit of orphans: net.ipv4.tcp_max_orphans."},
    {"orphan_percent", Type::number, "%", "Orphans as a share of their limit; the kernel may halve or quarter the limit."},
    {"tcp_memory", Type::number, "pages", "Memory of all TCP sockets of the host."},
    {"tcp_memory_pressure", Type::number, "pages", "Where the kernel starts to save memory: net.ipv4.tcp_mem, second number."},
    {"tcp_memory_limit", Type::number, "pages", "Where the kernel refuses memory: net.ipv4.tcp_mem, third number."},
    {"tcp_memory_percent", Type::number, "%", "TCP memory as a share of its limit."},
    {"tcp_allocated", Type::number, "sockets", "TCP sockets of all namespaces, with those that are in no table."},
});

inline constexpr auto namespace_columns = std::to_array<Column>({
    {"established", Type::number, "sockets", "Sockets in ESTABLISHED."},
    {"syn_sent", Type::number, "sockets", "Sockets in SYN_SENT: waiting for the answer to connect()."},
    {"syn_recv", Type::number, "sockets", "Sockets in SYN_RECV: a handshake that a client began."},
    {"fin_wait1", Type::number, "sockets", "Sockets in FIN_WAIT1: closed here, the FIN is not acknowledged."},
    {"fin_wait2", Type::number, "sockets", "Sockets in FIN_WAIT2: closed here, not yet by the peer."},
    {"fin_wait", Type::number, "sockets", "FIN_WAIT1 and FIN_WAIT2 together."},
    {"time_wait", Type::number, "sockets", "Sockets in TIME_WAIT."},
    {"close", Type::number, "sockets", "Sockets in CLOSE."},
    {"close_wait", Type::number, "sockets", "Sockets in CLOSE_WAIT: closed by the peer, not yet by the program here."},
    {"last_ack", Type::number, "sockets", "Sockets in LAST_ACK."},
    {"listen", Type::number, "sockets", "Sockets in LISTEN."},
    {"closing", Type::number, "sockets", "Sockets in CLOSING: both sides closed at the same time."},
    {"bound", Type::number, "sockets", "Sockets bound to a port and not connected; collected on demand (Linux 6.8)."},
    {"range_low", Type::number, "port", "First ephemeral port: net.ipv4.ip_local_port_range."},
    {"range_high", Type::number, "port", "Last ephemeral port."},
    {"range_size", Type::number, "ports", "Ports in the ephemeral range."},
    {"reserved", Type::number, "ports", "Ports of the range in net.ipv4.ip_local_reserved_ports."},
    {"reserved_percent", Type::number, "%", "Reserved ports as a share of the range."},
    {"usable", Type::number, "ports", "Ports of the range that are not reserved."},
    {"blocked", Type::number, "ports", "Usable ports that no connect() can take, to any destination: listeners, explicit binds, bound sockets; inferred as long as the latter two were not asked for."},
    {"blocked_percent", Type::number, "%", "Blocked ports as a share of the usable ones."},
    {"tw_reuse", Type::number, "", "net.ipv4.tcp_tw_reuse: 0 off, 1 on, 2 loopback only."},
    {"tw_reuse_delay", Type::number, "ms", "net.ipv4.tcp_tw_reuse_delay; 1000 on kernels without it."},
    {"timestamps", Type::number, "", "net.ipv4.tcp_timestamps: 0 off, 1 and 2 on."},
    {"fin_timeout", Type::number, "s", "net.ipv4.tcp_fin_timeout."},
    {"somaxconn", Type::number, "connections", "net.core.somaxconn."},
    {"syncookies", Type::number, "", "net.ipv4.tcp_syncookies: 0 off, 1 when the SYN queue is full, 2 always."},
    {"max_tw_buckets", Type::number, "sockets", "net.ipv4.tcp_max_tw_buckets."},
    {"tw_buckets", Type::number, "sockets", "Timewait mini-sockets: TIME_WAIT and orphaned FIN_WAIT2 (sockstat tw)."},
    {"tw_bucket_percent", Type::number, "%", "Timewait mini-sockets as a share of tcp_max_tw_buckets."},
    {"ehash_entries", Type::number, "buckets", "Buckets of the table of connections: net.ipv4.tcp_ehash_entries."},
    {"tw_recycle", Type::number, "", "net.ipv4.tcp_tw_recycle, where the kernel still has it (before 4.12)."},
    {"conntrack_count", Type::number, "entries", "Connections that conntrack follows."},
    {"conntrack_max", Type::number, "entries", "net.netfilter.nf_conntrack_max."},
    {"conntrack_percent", Type::number, "%", "Conntrack entries as a share of their limit."},
    {"listen_overflows", Type::number, "", "Connections refused by a full accept queue since the namespace began (ListenOverflows)."},
    {"time_wait_overflows", Type::number, "", "TIME_WAIT sockets not made because of tcp_max_tw_buckets since the namespace began (TCPTimeWaitOverflow)."},
    {"ports_used_percent", Type::number, "%", "Highest used_percent of any destination; 0 without destinations."},
    {"ports_load_percent", Type::number, "%", "Highest load_percent of any destination; 0 without destinations."},
    {"accept_queue_percent", Type::number, "%", "Fullest accept queue as a share of its backlog; above 100 it is full."},
    {"close_wait_leaked", Type::number, "sockets", "CLOSE_WAIT sockets whose end of file was read, older than 60 s."},
});

inline constexpr auto destination_columns = std::to_array<Column>({
    {"source", Type::text, "", "Local address of the connections."},
    {"remote", Type::text, "", "Remote address and port: 192.0.2.1:443."},
    {"remote_address", Type::text, "", "Remote address."},
    {"remote_port", Type::number, "port", "Remote port."},
    {"device", Type::number, "", "Interface index that the sockets are bound to (SO_BINDTODEVICE); 0 for none."},
    {"loopback", Type::boolean, "", "Source or remote is a loopback address (127.0.0.0/8 or ::1)."},
    {"connections", Type::number, "sockets", "Outgoing connections in any state."},
    {"established", Type::number, "sockets", "Of these, in ESTABLISHED."},
    {"syn_sent", Type::number, "sockets", "Of these, in SYN_SENT."},
    {"syn_sent_retried", Type::number, "sockets", "Of these, in SYN_SENT with two or more retransmissions."},
    {"fin_wait", Type::number, "sockets", "Of these, in FIN_WAIT1 or FIN_WAIT2."},
    {"time_wait", Type::number, "sockets", "Of these, in TIME_WAIT."},
    {"close_wait", Type::number, "sockets", "Of these, in CLOSE_WAIT."},
    {"in_use", Type::number, "ports", "Usable ports that this source and destination hold, less reusable TIME_WAIT."},
    {"blocked", Type::number, "ports", "Usable ports blocked for every destination and not in in_use."},
    {"free", Type::number, "ports", "Ports that connect() can still take; an estimate between free_min and free_max."},
    {"free_min", Type::number, "ports", "At least so many ports are free."},
    {"free_max", Type::number, "ports", "At most so many ports are free."},
    {"used_percent", Type::number, "%", "Share of the usable ports that are not free."},
    {"reuse_applies", Type::boolean, "", "The kernel may give ports in TIME_WAIT to new connections of this destination."},
    {"reusable", Type::number, "ports", "Ports in TIME_WAIT that may be reused now."},
    {"births_5s", Type::number, "per second", "New TIME_WAIT sockets a second over the last 5 s, from their timers."},
    {"births_15s", Type::number, "per second", "New TIME_WAIT sockets a second over the last 15 s."},
    {"births_60s", Type::number, "per second", "New TIME_WAIT sockets a second over the last 60 s."},
    {"sustainable_rate", Type::number, "per second", "Connections a second that never run out of ports."},
    {"load_percent", Type::number, "%", "births_60s as a share of sustainable_rate."},
    {"load_percent_15s", Type::number, "%", "births_15s as a share of sustainable_rate."},
    {"peak_percent", Type::number, "%", "Highest used_percent of the next 60 s at the rate of the last 15 s."},
    {"exhausted_in", Type::number, "s", "Seconds until no port is free at the rate of the last 15 s; absent if that rate is sustainable."},
});

inline constexpr auto source_columns = std::to_array<Column>({
    {"source", Type::text, "", "Local address of outgoing connections."},
    {"connections", Type::number, "sockets", "Outgoing connections from it, to all destinations."},
    {"ports", Type::number, "ports", "Distinct usable ports that they hold: what bind() with port 0 cannot take any more."},
    {"bound_ports", Type::number, "ports", "Of these, taken by bind() before connect(); inferred from parity where bind() left no mark."},
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
    {"fixed", Type::boolean, "", "The port was given to bind(), not chosen by the kernel; collected on demand."},
    {"established", Type::number, "sockets", "Incoming connections in ESTABLISHED."},
    {"syn_recv", Type::number, "sockets", "Incoming connections in SYN_RECV."},
    {"time_wait", Type::number, "sockets", "Incoming connections in TIME_WAIT: harmless, they hold no ephemeral port."},
    {"close_wait", Type::number, "sockets", "Incoming connections in CLOSE_WAIT."},
});

inline constexpr auto close_wait_columns = std::to_array<Column>({
    {"owner", Type::text, "", "Who holds the sockets: the user id and, where known, the control group."},
    {"uid", Type::number, "", "User id; missing for sockets that were never accepted."},
    {"end_point", Type::text, "", "The listener or remote end point with most of them."},
    {"total", Type::number, "sockets", "CLOSE_WAIT sockets of this owner."},
    {"leaked", Type::number, "sockets", "End of file was read, the socket not closed."},
    {"leaked_5s", Type::number, "sockets", "The same, for at least 5 s."},
    {"leaked_60s", Type::number, "sockets", "The same, for at least 60 s."},
    {"leaked_300s", Type::number, "sockets", "The same, for at least 5 minutes."},
    {"leaked_3600s", Type::number, "sockets", "The same, for at least an hour."},
    {"leaked_86400s", Type::number, "sockets", "The same, for at least a day."},
    {"unread", Type::number, "sockets", "End of file, or data before it, was never read."},
    {"unread_5s", Type::number, "sockets", "The same, for at least 5 s."},
    {"unread_60s", Type::number, "sockets", "The same, for at least 60 s."},
    {"unread_300s", Type::number, "sockets", "The same, for at least 5 minutes."},
    {"unread_3600s", Type::number, "sockets", "The same, for at least an hour."},
    {"unread_86400s", Type::number, "sockets", "The same, for at least a day."},
    {"unaccepted", Type::number, "sockets", "Never accepted: no process has a descriptor for them."},
    {"unaccepted_5s", Type::number, "sockets", "The same, for at least 5 s."},
    {"unaccepted_60s", Type::number, "sockets", "The same, for at least 60 s."},
    {"unaccepted_300s", Type::number, "sockets", "The same, for at least 5 minutes."},
    {"unaccepted_3600s", Type::number, "sockets", "The same, for at least an hour."},
    {"unaccepted_86400s", Type::number, "sockets", "The same, for at least a day."},
    {"half_closed", Type::number, "sockets", "Still sending to a peer that closed its side: legitimate."},
    {"oldest", Type::number, "s", "Proven age of the oldest; keepalive answers make it look younger."},
    {"nofile", Type::number, "files", "Open-file limit of the owning process; not collected yet."},
});

inline constexpr auto sysctl_columns = std::to_array<Column>({
    {"name", Type::text, "", "Dotted name: net.ipv4.tcp_fin_timeout."},
    {"runtime", Type::text, "", "The value now, as the kernel prints it."},
    {"number", Type::number, "", "The value now, for sysctls with one number."},
    {"default", Type::text, "", "The kernel's default, where it does not depend on the machine."},
    {"default_number", Type::number, "", "The default, for sysctls with one number."},
    {"per_namespace", Type::boolean, "", "Each network namespace has its own value."},
    {"boot", Type::text, "", "The value that the sysctl.d files will set at the next boot; collected on demand."},
    {"boot_origin", Type::text, "", "FILE:LINE that sets the boot value."},
    {"drifted", Type::boolean, "", "The boot value differs from the value now."},
});

/// The schema of each table, in the order of TableId.
std::span<const Schema> schemas();
const Schema& schema(TableId which);
const Schema* find_schema(std::string_view name);

} // namespace facts
