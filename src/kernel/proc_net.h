// The counters and gauges of /proc/net, and of open files: which are wanted, and the kernel's text formats.
// Parsers take text; only read_counters asks a machine.
#pragma once

#include "kernel/machine.h"
#include "snapshot/counters.h"

#include <string>
#include <string_view>

namespace kernel {

/// Reads `name` ("tcp", "stat/nf_conntrack") of the network namespace that the calling thread is in.
snapshot::Reading<std::string> read_net_file(Machine& machine, std::string_view name);

/// /proc/net/netstat or snmp: pairs of lines, names and values. The wanted names become "FILE.PREFIX.NAME".
void parse_name_value_pairs(std::string_view text, std::string_view file, snapshot::Counters& counters);

/// /proc/net/sockstat or sockstat6: "TCP: inuse 1 orphan 0".
void parse_sockstat(std::string_view text, std::string_view file, snapshot::Counters& counters);

/// /proc/net/protocols: a heading and a line for each protocol. The sockets of all of them, UNIX and netlink
/// too, are summed.
void parse_protocols(std::string_view text, snapshot::Counters& counters);

/// /proc/net/stat/nf_conntrack: a heading and a line of hexadecimal numbers for each CPU, which are summed.
void parse_conntrack_stat(std::string_view text, snapshot::Counters& counters);

/// /proc/sys/fs/file-nr: open files of the host, a zero since 2.6, and fs.file-max.
void parse_file_nr(std::string_view text, snapshot::Counters& counters);

/// Everything that snapshot/counters.h promises. What is not there stays absent, what is garbage becomes a
/// gap.
snapshot::Counters read_counters(Machine& machine);

} // namespace kernel
