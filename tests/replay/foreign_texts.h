// What ss (iproute2 6.1) and netstat (net-tools 2.10) wrote of one network namespace, cut to the columns that
// matter. The same sockets in each.
#pragma once

#include "replay/replay.h"

#include <string>
#include <string_view>

namespace test {

/// The sockets of a text that has one snapshot.
inline base::Result<replay::SocketList> read_foreign(std::string_view text) {
    return replay::read_text(std::string(text), std::nullopt);
}

constexpr std::string_view ss_tan =
    R"(State      Recv-Q Send-Q            Local Address:Port             Peer Address:Port Process
LISTEN     1      16                     10.9.0.1:8080                  0.0.0.0:*
ESTAB      0      0                     127.0.0.1:54714               127.0.0.1:8443
ESTAB      0      0                      10.9.0.1:49690                10.9.0.1:8080
TIME-WAIT  0      0                      10.9.0.1:49704                10.9.0.1:8080
SYN-SENT   0      1                      10.9.0.1:47380              10.200.0.1:5
ESTAB      0      0                      10.9.0.1:8080                 10.9.0.1:49690
LISTEN     0      16                        [::1]:9000                     [::]:*
LISTEN     0      16                            *:8443                        *:*
LISTEN     1      16              [fe80::77]%eth0:9001                     [::]:*
CLOSE-WAIT 1      0                         [::1]:49268                   [::1]:9000
ESTAB      0      0            [::ffff:127.0.0.1]:8443       [::ffff:127.0.0.1]:54714
ESTAB      0      0               [fe80::77]%eth0:58880               [fe80::77]:9001
FIN-WAIT-2 0      0                         [::1]:9000                    [::1]:49268
)";

/// Of `ss -peaonmi`: rows of other protocols, two lines for each socket, users, timers, tcp_info.
constexpr std::string_view ss_peaonmi =
    R"(Netid State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
nl    UNCONN     0      0             rtnl:kernel              *
udp   UNCONN     0      0          0.0.0.0:68            0.0.0.0:*     users:(("dhclient",pid=7,fd=6)) ino:5 sk:1 cgroup:/ <->
tcp   LISTEN     1      16        10.9.0.1:8080          0.0.0.0:*     users:(("python3",pid=6805,fd=3)) uid:1000 ino:127354630 sk:2876142 cgroup:/system.slice/web.service <->
	 skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0) bbr cwnd:10 unacked:1
tcp   TIME-WAIT  0      0         10.9.0.1:49704        10.9.0.1:8080  timer:(timewait,56sec,0) ino:0 sk:2876145
	
tcp   SYN-SENT   0      1         10.9.0.1:47380      10.200.0.1:5     users:(("a)) timer:(on,",pid=6805,fd=18)) timer:(on,1.264ms,3) uid:1000 ino:127354649 sk:2876147 cgroup:/ <->
	 skmem:(r0,rb131072,t0,tb16384,f3264,w832,o0,bl0,d0) bbr rto:1000 mss:524 cwnd:1 lastsnd:27822240 lastrcv:27822240 lastack:27822240
tcp   CLOSE-WAIT 0      0            [::1]:49268           [::1]:9000  users:(("python3",pid=6805,fd=15),("x",pid=9,fd=1)) uid:1000 ino:127354642 sk:287614e cgroup:/user.slice/a lastack:9 b.scope -->
	 skmem:(r832,rb131072,t0) ts sack bbr wscale:10,10 rto:204 cwnd:10 lastsnd:93756 lastrcv:83756 lastack:73756 pacing_rate 623621300752bps
)";

constexpr std::string_view netstat_tan =
    R"(Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State
tcp        1      0 10.9.0.1:8080           0.0.0.0:*               LISTEN
tcp        0      0 127.0.0.1:54714         127.0.0.1:8443          ESTABLISHED
tcp        0      0 10.9.0.1:49690          10.9.0.1:8080           ESTABLISHED
tcp        0      0 10.9.0.1:49704          10.9.0.1:8080           TIME_WAIT
tcp        0      1 10.9.0.1:47380          10.200.0.1:5            SYN_SENT
tcp        0      0 10.9.0.1:8080           10.9.0.1:49690          ESTABLISHED
tcp6       0      0 ::1:9000                :::*                    LISTEN
tcp6       0      0 :::8443                 :::*                    LISTEN
tcp6       1      0 fe80::77:9001           :::*                    LISTEN
tcp6       1      0 ::1:49268               ::1:9000                CLOSE_WAIT
tcp6       0      0 127.0.0.1:8443          127.0.0.1:54714         ESTABLISHED
tcp6       0      0 fe80::77:58880          fe80::77:9001           ESTABLISHED
tcp6       0      0 ::1:9000                ::1:49268               FIN_WAIT2
)";

/// Of `netstat -W -neopa`, as sosreport runs it.
constexpr std::string_view netstat_neopa =
    R"(Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      PID/Program name     Timer
tcp        1      0 10.9.0.1:8080           0.0.0.0:*               LISTEN      0          127354630  6805/python3         off (0.00/0/0)
tcp        0      0 10.9.0.1:49704          10.9.0.1:8080           TIME_WAIT   0          0          -                    timewait (56.01/0/0)
tcp        0      1 10.9.0.1:47380          10.200.0.1:5            SYN_SENT    1000       127354649  6805/nginx: worker p on (0.07/3/0)
tcp6       1      0 2001:db8:1234:5678:9abc:def0:1234:5678:9002 :::*                    LISTEN      0          127354635  6805/python3         off (0.00/0/0)
Active UNIX domain sockets (servers and established)
Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path
)";

constexpr std::string_view proc_tcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode        "
    "\n"
    "   0: 0100090A:1F90 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 127354630 2 "
    "0000000088be52a0 100 0 0 10 0                 \n"
    "   1: 0100090A:C228 0100090A:1F90 06 00000000:00000000 03:000015D6 00000000     0        0 0 3 "
    "0000000089c0726b                              \n";

constexpr std::string_view proc_tcp6 =
    "  sl  local_address                         remote_address                        st tx_queue rx_queue "
    "tr "
    "tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000000000000000000001000000:C074 00000000000000000000000001000000:2328 08 00000000:00000001 "
    "00:00000000 00000000     0        0 127354642 1 00000000afe35970 20 4 0 10 -1\n"
    "   1: 0000000000000000FFFF00000100007F:20FB 0000000000000000FFFF00000100007F:D5BA 01 00000000:00000000 "
    "00:00000000 00000000     0        0 127354641 1 000000009637126a 20 0 0 10 -1\n";

} // namespace test
