#include "replay/shell_command.h"
#include "tests/catch.h"

using replay::Asked;
using replay::asked_by;

TEST_CASE("commands that show all sockets") {
    for (const char* command : {"ss -tan",
                                "ss -anp",
                                "/usr/sbin/ss -tanpoie",
                                "ss --tcp --all --numeric",
                                "ss -tuna",
                                "netstat -tan",
                                "netstat -W -neopa",
                                "busybox netstat -tan",
                                "LC_ALL=C netstat -an",
                                "sudo -u root ss -tan 2>/dev/null",
                                "ss -tanp 2> /dev/null",
                                "ss -tan 2>&1",
                                "time ss -tan",
                                "ssh -p 22 web1 ss -tan",
                                "ssh web1 'sudo ss -tan'",
                                "kubectl exec -n shop web-0 -- ss -tan",
                                "kubectl exec web-0 -c web -- sh -c 'netstat -tan'",
                                "docker exec -it web ss -tan",
                                "nsenter -t 1 -n ss -tan",
                                "ip netns exec blue ss -tan",
                                "cat /proc/net/tcp /proc/net/tcp6",
                                "cat /proc/net/tcp; cat /proc/net/tcp6",
                                "cat /proc/42/net/tcp*",
                                "ss -tan # of this host",
                                "ss -tan 2>>/tmp/errors",
                                "date; ss -tan"}) {
        INFO(command);
        CHECK(asked_by(command) == Asked::all);
    }
}

TEST_CASE("commands that ask for a part of them") {
    for (const char* command : {"ss -4tan",
                                "ss -tan --ipv4",
                                "ss -tan --family=inet",
                                "ss -tn",
                                "ss -tanl",
                                "ss -uan",
                                "ss -tan state established",
                                "ss -tan 'dport = 5432'",
                                "ss -tan \"dport = :5432\"",
                                "ss -tan dev eth0",
                                "ss -tan fwmark = 1",
                                "ss -tan cgroup /x",
                                "ss -tan autobound",
                                "sudo ss -tan dst 192.0.2.1",
                                "netstat -tn",
                                "netstat --inet -an",
                                "netstat -A inet -an",
                                "netstat -tan --protocol=inet",
                                "netstat -4tan",
                                "ssh web1 'ss -4tan'"}) {
        INFO(command);
        CHECK(asked_by(command) == Asked::part);
    }
}

TEST_CASE("commands that may show anything") {
    for (const char* command : {"ss -tan|head",
                                "ss -tan | head -12",
                                "ss -tan |& head",
                                "ss -tan 2>&1|head",
                                "ss -tan >x",
                                "ss -tan>x;head x",
                                "sh -c 'ss -tan|head -12'",
                                "ssh web1 'ss -tan|head'",
                                "ssh web1 ss -tan \\| head",
                                "watch ss -tan",
                                "watch \"ss -tan|grep 443\"",
                                "head <(ss -tan)",
                                "timeout 1 ss -tan",
                                "head -50 /tmp/ss.txt",
                                "tail -n 12 F",
                                "sed 12q F",
                                "awk 'NR<13' F",
                                "less F",
                                "cat F",
                                "!ss",
                                "ss -tan -F f",
                                "ss -tanF f",
                                "ss -tan -N ns1",
                                "ss -tan -f inet",
                                "ss -tan || true",
                                "ss -tan `true`",
                                "ss -tan 'unfinished",
                                "netstat -tan |head",
                                "netstat -s",
                                "docker exec web sh -c 'ss -tan|grep -v WAIT'",
                                "for i in 1 2; do ss -tan; done",
                                "sudo",
                                "ssh",
                                "ssh web1",
                                "docker exec",
                                "kubectl exec web-0 --",
                                "ip netns exec blue",
                                "nsenter",
                                "ss -tan $FILTER",
                                "ss -tan \"$FILTER\"",
                                "2>",
                                ""}) {
        INFO(command);
        CHECK(asked_by(command) == Asked::anything);
    }
}

TEST_CASE("nobody types shells in shells without end") {
    std::string command;
    for (int i = 0; i < 100'000; ++i) {
        command += "ssh a ";
    }
    CHECK(asked_by(command + "ss -tan") == Asked::anything);
    CHECK(asked_by("ssh a ssh b ssh c ss -tan") == Asked::all);
    CHECK(asked_by("ssh a ssh b ssh c ssh d ssh e ss -tan") == Asked::anything);
}
