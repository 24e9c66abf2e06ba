// What the kernel tells as text below /proc/net: counters and gauges (and those of open files and conntrack,
// which lie elsewhere), and the socket table for hosts without sock_diag. Parsers take text; only
// read_counters and read_net_file ask a machine.
#pragma once

#include "kernel/machine.h"
#include "snapshot/counters.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <optional>
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

/// One line of /proc/net/tcp or tcp6, which has no ages of CLOSE_WAIT, no cookies, no backlogs, no bound
/// sockets, and does not say which ports were bound explicitly; none if it is not exactly what the kernel
/// prints. The family decides the address length.
std::optional<snapshot::Socket> parse_proc_line(std::string_view line, snapshot::Family family);

/// Hands each socket of the whole text to `sink`; returns the number of lines that made no sense. The first
/// line is the heading.
template <typename Sink>
std::uint64_t read_proc_table(std::string_view text, snapshot::Family family, Sink&& sink) {
    std::uint64_t malformed = text.find("local_address") < text.find('\n') ? 0 : 1;
    while (true) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return malformed + (text.empty() ? 0 : 1); // a cut line
        }
        text.remove_prefix(end + 1);
        const std::string_view line = text.substr(0, text.find('\n'));
        if (line.empty() || line.size() == text.size()) {
            continue;
        }
        if (const auto socket = parse_proc_line(line, family)) {
            sink(*socket);
        } else {
            ++malformed;
        }
    }
}

} // namespace kernel
