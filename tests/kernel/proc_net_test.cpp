#include "kernel/proc_net.h"
#include "kernel/sysctl_files.h"
#include "tests/kernel/messages.h"

#include "tests/catch.h"

using base::Why;
using snapshot::Counters;

TEST_CASE("netstat and snmp: wanted names only, by name and not by column") {
    Counters counters;
    kernel::parse_name_value_pairs(
        "TcpExt: SyncookiesSent Unwanted TWRecycled ListenOverflows\nTcpExt: 1 2 3 18446744073709551615\n"
        "IpExt: InNoRoutes\nIpExt: 0\n",
        "netstat", counters);
    CHECK(*counters.get("netstat.TcpExt.TWRecycled") == 3);
    CHECK(*counters.get("netstat.TcpExt.ListenOverflows") == 18446744073709551615U);
    CHECK(counters.get("netstat.TcpExt.ListenDrops").error().why == Why::absent);

    kernel::parse_name_value_pairs("Ip: A\nIp: 1\nTcp: MaxConn OutSegs\nTcp: -1 7\n", "snmp", counters);
    CHECK(*counters.get("snmp.Tcp.OutSegs") == 7);
}

TEST_CASE("netstat that is garbage") {
    const auto why = [](std::string_view text) {
        Counters counters;
        kernel::parse_name_value_pairs(text, "netstat", counters);
        return counters.get("netstat.TcpExt.TWRecycled").error();
    };
    CHECK(why("").why == Why::failed);
    CHECK(why("TcpExt: TWRecycled").why == Why::failed);
    CHECK(why("TcpExt: TWRecycled\nTcpExt: 1 2\n").why == Why::failed);
    CHECK(why("TcpExt: TWRecycled\nIpExt: 1\n").why == Why::failed);
    CHECK(why("TcpExt: TWRecycled\nTcpExt: -1\n").why == Why::failed);
    CHECK(why("TcpExt: TWRecycled\nTcpExt: x\n").detail == "holds 'x', no number");
}

TEST_CASE("sockstat") {
    Counters counters;
    kernel::parse_sockstat("sockets: used 14\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 33\nUDP: inuse 9\n",
                           "sockstat", counters);
    kernel::parse_sockstat("TCP6: inuse 5\n", "sockstat6", counters);
    CHECK(*counters.get("sockstat.TCP.inuse") == 1);
    CHECK(*counters.get("sockstat.TCP.orphan") == 2);
    CHECK(*counters.get("sockstat.TCP.tw") == 3);
    CHECK(*counters.get("sockstat.TCP.alloc") == 4);
    CHECK(*counters.get("sockstat.TCP.mem") == 33);
    CHECK(*counters.get("sockstat6.TCP6.inuse") == 5);
    Counters none;
    kernel::parse_sockstat("UDP: inuse 9\n", "sockstat", none);
    CHECK(none.get("sockstat.TCP.tw").error().why == Why::failed);
}

TEST_CASE("protocols: the sockets of all of them, by the heading") {
    Counters counters;
    kernel::parse_protocols("protocol  size sockets  memory press\nUNIX 1152     20      -1   NI\n"
                            "TCP      2304      3      86   no\n",
                            counters);
    CHECK(*counters.get("protocols.all.sockets") == 23);
    for (const char* text :
         {"protocol size\nTCP 3\n", "protocol size sockets\nTCP 2304\n", "\nTCP 2304 3\n"}) {
        CAPTURE(text);
        Counters broken;
        kernel::parse_protocols(text, broken);
        CHECK(broken.get("protocols.all.sockets").error().why == Why::failed);
    }
}

TEST_CASE("conntrack: hexadecimal columns of every CPU, summed by name") {
    Counters counters;
    kernel::parse_conntrack_stat(
        "entries  insert_failed drop early_drop\n00000001 0000000a 00000001 00000000\n"
        "00000001 00000010 ffffffff 00000002\n",
        counters);
    CHECK(*counters.get("conntrack.insert_failed") == 0x1A);
    CHECK(*counters.get("conntrack.drop") == 0x100000000);
    CHECK(*counters.get("conntrack.early_drop") == 2);

    Counters broken;
    kernel::parse_conntrack_stat("drop insert_failed early_drop\n1 2\n", broken);
    CHECK(broken.get("conntrack.early_drop").error().why == Why::failed);
    Counters other;
    kernel::parse_conntrack_stat("entries\n1\n", other);
    CHECK(other.get("conntrack.drop").error().why == Why::absent);
}

TEST_CASE("open files of the host") {
    Counters counters;
    kernel::parse_file_nr("956\t0\t9223372036854775807\n", counters);
    CHECK(*counters.get("files.open") == 956);
    CHECK(*counters.get("files.max") == 9223372036854775807U);
    for (const char* garbage : {"", "956\t0\n", "956 0 x\n", "-1 0 5\n", "1 2 3 4\n"}) {
        CAPTURE(garbage);
        Counters none;
        kernel::parse_file_nr(garbage, none);
        CHECK(none.get("files.open").error().why == Why::failed);
        CHECK(none.get("files.max").error().why == Why::failed);
    }
}

TEST_CASE("counters of a machine: absent, denied and garbage files") {
    test::Machine machine;
    const Counters nothing = kernel::read_counters(machine);
    CHECK(nothing.get("netstat.TcpExt.TWRecycled").error().why ==
          Why::failed); // every kernel has it: /proc is hidden
    CHECK(nothing.get("sockstat6.TCP6.inuse").error().why == Why::absent);
    CHECK(nothing.get("conntrack.count").error().why == Why::absent);
    CHECK(nothing.get("files.open").error().why == Why::absent);

    machine.files.emplace("/proc/self/net/snmp", std::string("Tcp: OutSegs\nTcp: 4\n")); // no thread-self
    machine.files.emplace("/proc/thread-self/net/netstat",
                          base::Gap{"netstat", Why::denied, "Permission denied"});
    machine.files.emplace("/proc/sys/net/netfilter/nf_conntrack_count", std::string("12\n"));
    machine.files.emplace("/proc/sys/fs/file-nr", std::string("956\t0\t2466183\n"));
    const Counters counters = kernel::read_counters(machine);
    CHECK(*counters.get("snmp.Tcp.OutSegs") == 4);
    CHECK(counters.get("netstat.TcpExt.TWRecycled").error().why == Why::denied);
    CHECK(*counters.get("conntrack.count") == 12);
    CHECK(*counters.get("files.max") == 2466183);
    machine.files.at("/proc/sys/net/netfilter/nf_conntrack_count") = std::string("lots\n");
    CHECK(kernel::read_counters(machine).get("conntrack.count").error().why == Why::failed);
}

TEST_CASE("sysctls keep the kernel's text and say why one is missing") {
    test::Machine machine;
    machine.files.emplace("/proc/sys/net/ipv4/tcp_tw_reuse", std::string("2\n"));
    machine.files.emplace("/proc/sys/net/ipv4/ip_local_port_range", std::string("32768\t60999\n"));
    machine.files.emplace("/proc/sys/net/ipv4/tcp_timestamps", std::string("1\n\n"));
    machine.files.emplace("/proc/sys/net/ipv4/tcp_fin_timeout", std::string("6\0"
                                                                            "0\n",
                                                                            4));
    machine.files.emplace("/proc/sys/net/ipv4/tcp_mem", base::Gap{"x", Why::denied, "Permission denied"});
    machine.files.emplace("/proc/sys/net/core/somaxconn", base::Gap{"x", Why::failed, "Input/output error"});
    const snapshot::Sysctls sysctls = kernel::read_sysctls(machine);
    CHECK(*sysctls.integer("net.ipv4.tcp_tw_reuse") == 2);
    CHECK(sysctls.port_range()->high == 60999);
    CHECK(*sysctls.text("net.ipv4.tcp_timestamps") == "1\n"); // only the final line end goes
    CHECK(sysctls.integer("net.ipv4.tcp_fin_timeout").error().why == Why::failed);
    CHECK(sysctls.text("net.ipv4.tcp_mem").error() ==
          base::Gap{"net.ipv4.tcp_mem", Why::denied, "Permission denied"});
    CHECK(sysctls.text("net.core.somaxconn").error().why == Why::failed);
    CHECK(sysctls.text("net.ipv4.tcp_tw_recycle").error().why == Why::absent);
}
