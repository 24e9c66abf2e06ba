#include "kernel/collect.h"
#include "replay/foreign.h"
#include "replay/replay.h"
#include "replay/tables.h"
#include "tests/kernel/messages.h"
#include "tests/replay/foreign_texts.h"

#include "tests/catch.h"
#include "tests/scratch.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>

#include <stdlib.h>
#include <sys/stat.h>

using base::Why;
using snapshot::Family;
using snapshot::Socket;
using snapshot::TcpState;
using test::operator+;

namespace {

/// A list, and its sockets as a walk hands them over.
struct Read : replay::SocketList {
    explicit Read(replay::SocketList list) : replay::SocketList(std::move(list)) {
        each([&](std::span<const Socket> some) { sockets.insert(sockets.end(), some.begin(), some.end()); });
    }
    std::vector<Socket> sockets;
};

Read list_of(std::string_view text, replay::SnapshotChoice choice = {}) {
    auto list = replay::read_text(std::string(text), choice);
    if (!list) {
        FAIL(list.error().what);
    }
    return Read(std::move(*list));
}

std::string error_of(std::string_view text) {
    const auto list = test::read_foreign(text);
    return list ? "" : list.error().what;
}

const Socket& socket_at(const Read& list, std::uint16_t port, TcpState state) {
    for (const Socket& socket : list.sockets) {
        if (socket.local_port == port && socket.state == state) {
            return socket;
        }
    }
    FAIL("no such socket");
    return list.sockets.front();
}

snapshot::Host host_of(replay::SocketList list) {
    std::vector<kernel::Target> targets;
    targets.push_back({"x", 0, std::make_unique<replay::ForeignMachine>(std::move(list), std::nullopt)});
    return kernel::collect(targets);
}

std::string lost_because(std::string_view text) {
    const auto list = list_of(text);
    return list.lost ? list.lost->detail : "";
}

std::string bytes_of(const test::Bytes& bytes) {
    const void* data = bytes.data();
    return {static_cast<const char*>(data), bytes.size()};
}

} // namespace

TEST_CASE("the text of ss -tan") {
    const auto list = list_of(test::ss_tan);
    REQUIRE(list.sockets.size() == 13);
    CHECK_FALSE(list.lost);
    CHECK(list.provenance.name == "the text of ss");
    const Socket& listener = socket_at(list, 8080, TcpState::listen);
    CHECK((listener.rqueue == 1 && listener.wqueue == 16 && listener.family == Family::ipv4));
    CHECK(socket_at(list, 8443, TcpState::listen).v6_only == std::optional(false));
    CHECK(socket_at(list, 8443, TcpState::listen).local == snapshot::Address());
    const Socket& mapped = socket_at(list, 8443, TcpState::established);
    CHECK((mapped.family == Family::ipv6 && mapped.local.is_v4()));
    const Socket& on_device = socket_at(list, 58880, TcpState::established);
    CHECK(on_device.device != 0);
    CHECK(on_device.device == socket_at(list, 9001, TcpState::listen).device);
    CHECK(on_device.remote.to_text() == "fe80::77");
}

TEST_CASE("what ss -tan cannot tell is a gap") {
    const auto list = list_of(test::ss_tan);
    REQUIRE(list.provenance.no_timers);
    CHECK(list.provenance.no_timers->detail == "the text of ss without -o does not tell them");
    CHECK_FALSE(list.provenance.has_users);
    CHECK(socket_at(list, 49704, TcpState::time_wait).expires_ms == 60'000); // as if it was born now
    CHECK(socket_at(list, 49268, TcpState::close_wait).inode != 0);          // nobody listens there: accepted
    const auto host = host_of(list);
    const snapshot::Netns& netns = host.namespaces[0];
    CHECK_FALSE(netns.lost_sockets);
    const auto range = netns.sysctls.port_range();
    REQUIRE_FALSE(range);
    CHECK(range.error().why == Why::not_collected);
    CHECK(range.error().detail.find("--assume ip_local_port_range=\"LOW HIGH\"") != std::string::npos);
    CHECK(netns.counters.get("netstat.TcpExt.ListenOverflows").error().why == Why::not_collected);
    CHECK(netns.sysctls.text("net.ipv4.tcp_mem").error().why == Why::not_collected);
}

TEST_CASE("each kind of walk over a text is answered, or not told") {
    replay::ForeignMachine machine(list_of(test::ss_tan), std::nullopt);
    const auto walked = [&](kernel::Walk walk) {
        std::map<TcpState, std::size_t> states;
        const auto ended = machine.sockets({walk}, [&](std::span<const Socket> sockets) {
            for (const Socket& socket : sockets) {
                ++states[socket.state];
            }
        });
        return std::pair(states, ended.outcome ? std::optional<Why>() : ended.outcome.error().why);
    };
    using kernel::Walk;
    const auto [listeners, listeners_lost] = walked(Walk::listeners);
    CHECK((listeners.size() == 1 && listeners.contains(TcpState::listen) && !listeners_lost));
    const auto [connections, connections_lost] = walked(Walk::connections);
    CHECK((connections.contains(TcpState::time_wait) && connections.contains(TcpState::close_wait)));
    CHECK_FALSE((connections.contains(TcpState::listen) || connections.contains(TcpState::bound)));
    CHECK_FALSE(connections_lost);
    const auto [close_waits, close_waits_lost] = walked(Walk::close_waits);
    CHECK((close_waits.size() == 1 && close_waits.contains(TcpState::close_wait) && !close_waits_lost));
    for (const Walk untold : {Walk::explicit_binds, Walk::bound, Walk::options, Walk::peers}) {
        const auto [none, why] = walked(untold);
        CHECK(none.empty());
        CHECK(why == Why::not_collected);
    }
}

TEST_CASE("the text of ss -peaonmi") {
    const auto list = list_of(test::ss_peaonmi);
    REQUIRE(list.sockets.size() == 4);
    CHECK_FALSE(list.lost);
    CHECK_FALSE(list.provenance.no_timers);
    CHECK(list.provenance.has_users);
    CHECK(socket_at(list, 49704, TcpState::time_wait).expires_ms == 56'999);
    const Socket& syn = socket_at(list, 47380, TcpState::syn_sent);
    CHECK(syn.retransmits == 3);
    CHECK(syn.expires_ms == 1264);
    const Socket& stuck = socket_at(list, 49268, TcpState::close_wait);
    CHECK((stuck.uid == 1000 && stuck.inode == 127354642));
    REQUIRE(stuck.activity);
    CHECK(stuck.activity->last_data_sent_ms == 93756);
    CHECK(stuck.activity->last_data_recv_ms == 83756);
    CHECK(stuck.activity->last_ack_recv_ms == 73756); // and not that of the control group's name
    CHECK(*list.cgroups.at(*stuck.cgroup) == "/user.slice/a lastack:9 b.scope");
    REQUIRE(list.holders);
    const auto* holder = list.holders->find(127354642);
    REQUIRE(holder != nullptr);
    CHECK(list.holders->processes[holder->process].command == "python3");
    CHECK(list.holders->processes[holder->process].pid == 6805);
    CHECK(holder->descriptor == 15);
}

TEST_CASE("ss without a heading, on one line, of older versions, and of a pipe through Windows") {
    CHECK(list_of("LISTEN 0 5 0.0.0.0:1 0.0.0.0:*\r\nESTAB 0 0 1.2.3.4:5 5.6.7.8:9\r\n").sockets.size() == 2);
    CHECK(list_of("State Recv-Q\nLISTEN 0 5 *:22 *:*\nLISTEN 0 5 :::22 :::*\nESTAB 0 0 ::ffff:1.2.3.4:22 "
                  "::ffff:1.2.3.5:99\n")
              .sockets.size() == 3);
    const auto old = list_of("LISTEN 0 5 *:22 *:*\nLISTEN 0 5 :::22 :::*\nESTAB 0 0 1.2.3.4:22 1.2.3.5:99\n");
    CHECK(old.sockets[0].family == Family::ipv4);
    CHECK(old.sockets[1].family == Family::ipv6);
    const auto one_line =
        list_of("LISTEN 0 5 1.2.3.4:1 0.0.0.0:*\nCLOSE-WAIT 0 0 1.2.3.4:5 5.6.7.8:9 uid:5 ino:7 "
                "sk:1 cgroup:/ --> cubic rto:204 cwnd:10 lastack:70000\n");
    CHECK(one_line.sockets[1].activity->last_ack_recv_ms == 70000);
    CHECK(one_line.sockets[1].uid == 5);
}

TEST_CASE("times as ss writes them") {
    const auto expires = [](const std::string& time) {
        return list_of("LISTEN 0 1 1.2.3.4:1 0.0.0.0:*\nESTAB 0 0 1.2.3.4:5 5.6.7.8:9 timer:(keepalive," +
                       time + ",0)\n")
            .sockets[1]
            .expires_ms;
    };
    CHECK(expires("56sec") == 56'999);
    CHECK(expires("5.316ms") == 5316);
    CHECK(expires("020ms") == 20);
    CHECK(expires("1min54sec") == 114'999);
    CHECK(expires("119min") == 119 * 60'000 + 999);
    CHECK(expires("") == 0);
    CHECK(expires("99999999999sec") == 0); // nonsense is no timer
    CHECK(expires("sec") == 0);
}

TEST_CASE("the text of netstat") {
    const auto list = list_of(test::netstat_tan);
    CHECK(list.sockets.size() == 13);
    CHECK_FALSE(list.lost);
    CHECK(list.provenance.no_timers);
    CHECK_FALSE(list.provenance.has_backlogs);
    const Socket& mapped = socket_at(list, 8443, TcpState::established);
    CHECK((mapped.family == Family::ipv6 && mapped.local.is_v4()));
    CHECK(host_of(list).namespaces[0].source == snapshot::SocketSource::proc);
}

TEST_CASE("the text of netstat -W -neopa") {
    const auto list = list_of(test::netstat_neopa);
    REQUIRE(list.sockets.size() == 4);
    CHECK_FALSE(list.lost);
    CHECK_FALSE(list.provenance.no_timers);
    CHECK(list.provenance.has_users);
    CHECK(socket_at(list, 49704, TcpState::time_wait).expires_ms == 56'010);
    const Socket& syn = socket_at(list, 47380, TcpState::syn_sent);
    CHECK((syn.retransmits == 3 && syn.uid == 1000 && syn.inode == 127354649));
    CHECK(socket_at(list, 9002, TcpState::listen).local.to_text() ==
          "2001:db8:1234:5678:9abc:def0:1234:5678");
}

TEST_CASE("copies of /proc/net/tcp, one, both, or the wrong one") {
    const auto both = list_of(std::string(test::proc_tcp) + std::string(test::proc_tcp6));
    REQUIRE(both.sockets.size() == 4);
    CHECK_FALSE(both.lost);
    CHECK_FALSE(both.provenance.no_timers);
    CHECK(socket_at(both, 49704, TcpState::time_wait).expires_ms == 55'900);
    CHECK(socket_at(both, 8443, TcpState::established).local.is_v4());
    const auto without_v6 = list_of(test::proc_tcp);
    CHECK(without_v6.sockets.size() == 2);
    CHECK_FALSE(without_v6.provenance.has_ipv6);
    CHECK(without_v6.provenance.unproven->detail == "only tcp: /proc/net/tcp6 is missing");
    CHECK(lost_because(test::proc_tcp6) == "only tcp6: /proc/net/tcp is missing");
    CHECK(lost_because(std::string(test::proc_tcp).substr(0, test::proc_tcp.size() - 90)) ==
          "line 3: '1: 0100090A:C228 0100090A:1F90 06 000000' is no row of /proc/net/tcp");
    CHECK(
        error_of("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
                 "inode ref pointer drops\n") == "a table of UDP or raw sockets, not of TCP");
}

TEST_CASE("a dump by ss -D") {
    const auto of_ss = [](test::Fields fields, const test::Bytes& attributes = {}) {
        return test::message(20, test::payload(fields, attributes), NLM_F_MULTI, 123456);
    };
    test::Bytes dump =
        of_ss({.state = 10, .local_port = 80}) +
        of_ss({.family = AF_INET6, .state = 6, .timer = 3, .local = "::1", .expires_ms = 30'000}) +
        of_ss({.state = 7, .local_port = 99}) + test::done() + test::done();
    const auto list = list_of(bytes_of(dump));
    REQUIRE(list.sockets.size() == 3);
    CHECK_FALSE(list.lost);
    CHECK(list.sockets[1].expires_ms == 30'000);
    CHECK(list.sockets[2].state == TcpState::bound);
    CHECK(lost_because(bytes_of(dump).substr(0, dump.size() - 4)) ==
          "the dump is cut short or damaged, or of one address family only");
    const auto whole = bytes_of(dump);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto cut = test::read_foreign(whole.substr(0, length));
        CHECK((!cut || cut->lost));
    }
    std::string turned = whole;
    std::swap(turned[4], turned[5]);
    std::reverse(turned.begin(), turned.begin() + 4);
    CHECK(error_of(turned) ==
          "a dump by ss -D on a machine with the other byte order; it can be read only there");
}

TEST_CASE("texts that are not whole say so") {
    CHECK(lost_because("State Recv-Q\n") == "no socket in it");
    CHECK(lost_because("ESTAB 0 0 1.2.3.4:5 5.6.7.8:9\n") == "no listening socket in it, as without -a");
    CHECK(lost_because("LISTEN 0 0 1.2.3.4:5 0.0.0.0:*\n") == "only listening sockets in it, as with -l");
    CHECK(lost_because(
              "Active Internet connections (w/o servers)\ntcp 0 0 1.2.3.4:1 1.2.3.4:2 ESTABLISHED\n") ==
          "netstat was not asked for all sockets (-a)");
    CHECK(lost_because(
              "tcp6 0 0 2001:db8:1234:5678:9002 :::* LISTEN\ntcp 0 0 1.2.3.4:1 1.2.3.4:2 ESTABLISHED\n") ==
          "line 1: '2001:db8:1234:5678:9002' may be cut short (netstat -W writes all of it)");
    const auto host = host_of(list_of("ESTAB 0 0 1.2.3.4:5 5.6.7.8:9\n"));
    CHECK(host.namespaces[0].lost_sockets);
}

TEST_CASE("rows that make no sense are named and make the list incomplete") {
    const auto wrong = [](const std::string& row) {
        return lost_because("LISTEN 0 1 1.2.3.4:1 0.0.0.0:*\n" + row + "\nESTAB 0 0 1.2.3.4:5 5.6.7.8:9\n");
    };
    CHECK(wrong("ESTAB 0 0 1.2.3.4:70000 5.6.7.8:9") == "line 2: '1.2.3.4:70000' is no address and port");
    CHECK(wrong("ESTAB 0 0 1.2.3.4:-1 5.6.7.8:9") == "line 2: '1.2.3.4:-1' is no address and port");
    CHECK(wrong("ESTAB 0 0 web1:5 5.6.7.8:9") == "line 2: 'web1:5' is a name (ss -n writes numbers)");
    CHECK(wrong("ESTAB 0 0 1.2.3.4:5 [::1]:9") == "line 2: its ends have different families");
    CHECK(wrong("ESTAB 0 99999999999 1.2.3.4:5 5.6.7.8:9") == "line 2: Recv-Q and Send-Q are no numbers");
    CHECK(wrong("ESTAB 0 0 \x1b[31m:5 5.6.7.8:9") == "line 2: ':5' is no address and port");
    CHECK(wrong("ESTAB 0 0 \x07:5 5.6.7.8:9") == "line 2: '?:5' is no address and port");
    CHECK(wrong("rubbish") == "line 2: 'rubbish' is no row of ss");
    CHECK(wrong("x\ny") == "line 2: 'x' is no row of ss (and 1 more lines)");
    CHECK(wrong(std::string(1 << 20, 'x')).size() < 100);
    CHECK(error_of("State Recv-Q\nrubbish\n") == "line 2: 'rubbish' is no row of ss");
}

TEST_CASE("what is nothing of all this is refused") {
    const std::string refused = "neither a capture nor the text of ss -tan or netstat -tan, a copy of "
                                "/proc/net/tcp or a dump by ss -D";
    CHECK(error_of("hello, world\n") == refused);
    CHECK(error_of(std::string("State\0Recv-Q", 12)) == refused);
    CHECK(error_of(std::string(100'000, '\0')) == refused);
    CHECK(error_of(std::string(1 << 20, 'x')) == refused);
}

TEST_CASE("what is packed is to be unpacked") {
    CHECK(error_of("\x1f\x8b\x08") == "packed by gzip: unpack it first");
    CHECK(error_of("\xfd"
                   "7zXZ") == "packed by xz: unpack it first");
    CHECK(error_of("BZh9") == "packed by bzip2: unpack it first");
    CHECK(error_of(std::string(257, 'x') + "ustar") == "packed by tar: unpack it first");
}

TEST_CASE("texts cut or damaged anywhere are read or refused, never trusted", "[exhaustive]") {
    for (const std::string_view text : {test::ss_tan, test::ss_peaonmi, test::netstat_tan,
                                        test::netstat_neopa, test::proc_tcp, test::proc_tcp6}) {
        for (std::size_t at = 0; at < text.size(); at += 3) {
            if (auto list = test::read_foreign(text.substr(0, at))) {
                host_of(std::move(*list));
            }
            for (const char c : {'\0', '9', ' ', '\n', '\xFF', ')', '"'}) {
                std::string changed(text);
                changed[at] = c;
                if (auto list = test::read_foreign(changed)) {
                    CHECK(list->size() < 20);
                }
            }
        }
    }
}

namespace {

using States = std::map<TcpState, std::uint32_t>;

States states_of(const replay::SocketList& list) {
    States states;
    for (std::size_t state = 0; state < list.counts.size(); ++state) {
        if (list.counts[state] > 0) {
            states[static_cast<TcpState>(state)] = list.counts[state];
        }
    }
    return states;
}

const std::string ss_heading = "State      Recv-Q Send-Q Local Address:Port    Peer Address:Port\n";
const std::string ss_listener = "LISTEN     0      128    0.0.0.0:22            0.0.0.0:*\n";
const std::string ss_connection = "ESTAB      0      0      192.0.2.10:22         192.0.2.30:5000\n";
const std::string netstat_heading =
    "Active Internet connections (servers and established)\n"
    "Proto Recv-Q Send-Q Local Address           Foreign Address         State\n";
const std::string netstat_rows =
    "tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN\n"
    "tcp        0      0 192.0.2.10:40001        192.0.2.20:5432         TIME_WAIT\n";

} // namespace

TEST_CASE("a text whose start is cut says so, and what is left of it counts") {
    const auto list =
        list_of("          0    0    192.0.2.10:60000    192.0.2.20:5432\n" + ss_listener + ss_connection);
    CHECK(states_of(list) == States{{TcpState::listen, 1}, {TcpState::established, 1}});
    REQUIRE(list.lost);
    CHECK(list.lost->detail.starts_with("cut at the start: line 1: "));
    CHECK(lost_because("\t skmem:(r0,rb131072) cwnd:10\n" + ss_listener + ss_connection) ==
          "cut at the start: details of a socket without its row");
    CHECK(lost_because("0 192.0.2.10:22 192.0.2.30:5000 ESTABLISHED\n" + netstat_rows)
              .starts_with("cut at the start: line 1: "));
}

TEST_CASE("nothing shows that a bare text is whole") {
    const auto why = [](const std::string& text) {
        const auto list = list_of(text);
        CHECK_FALSE(list.lost);
        return list.provenance.unproven ? list.provenance.unproven->detail : "";
    };
    CHECK(why(ss_listener + ss_connection) ==
          "the text may have been cut: it has no heading, which would show its start");
    const std::string table = ss_heading + ss_listener + ss_connection;
    CHECK(why(table) == "the text may have been cut: nothing in it shows its end");
    CHECK(why(table + "root@hosta:~#\n").empty());
    CHECK(why("$ ss -tan\n" + table + "$\n").empty());
    for (const char* command : {"ss -4tan", "ss -tan state established"}) {
        CHECK(why("root@hosta:~# " + std::string(command) + "\n" + table + "root@hosta:~#\n") ==
              "the command above it asks for a part");
    }
    CHECK(why(table + "[...]\n```\n") == "the text may have been cut: nothing in it shows its end");
    const std::string fenced = "```\n" + table + "```\n";
    CHECK(why(fenced) == "the text may have been cut: nothing in it shows its end");
    CHECK(why(fenced + "and 28000 more of these\nroot@hosta:~#\n") == why(fenced));
    CHECK(why("```\n$ ss -tan\n" + table + "$\n```\n").empty());
    CHECK(why(netstat_heading + netstat_rows + "Active UNIX domain sockets (servers and established)\n")
              .empty());
}

TEST_CASE("what stands above a table proves it only if it is a command that shows all of it") {
    const std::string rows = ss_heading + ss_listener + ss_connection;
    const auto why = [&](const std::string& above) {
        const auto list = list_of(above + rows + "root@hosta:~#\n");
        return list.provenance.unproven ? list.provenance.unproven->detail : "";
    };
    const std::string doubtful =
        "rows may have been left out: what stands above it is no command that shows all of them";
    for (const char* above :
         {"root@hosta:~# ss -tan|head -12\n", "root@hosta:~# ss -tan > x; head x\n",
          "root@hosta:~# ss -tan\n[snip]\n", "(28000 more)\n", "removed the TIME-WAITs:\n"}) {
        INFO(above);
        CHECK(why(above) == doubtful);
    }
    CHECK(why("net.ipv4.tcp_tw_reuse = 2\nroot@hosta:~# sudo ss -tanp\n[sudo] password for ops:\n").empty());
}

TEST_CASE("what prose has of a prompt is no end of a table") {
    const std::string table = "# ss -tan\n" + ss_heading + ss_listener + ss_connection;
    for (const char* end : {"# and 28000 more\n", "the other 99% are in TIME-WAIT\n", "and more $\n",
                            "^C# \n", "root@hosta:~# exit\n"}) {
        INFO(end);
        CHECK(list_of(table + end).provenance.unproven);
    }
    CHECK_FALSE(list_of(table + "# exit\n").provenance.unproven);
    CHECK_FALSE(list_of(table + "# ^C\n# ^C\n").provenance.unproven);
    const auto stopped = list_of("$ ss -tan\n" + ss_heading + ss_listener +
                                 "ESTAB 0 0 192.0.2.10:22 192.0.2.30:5000   ^C\n$ \n");
    REQUIRE(stopped.provenance.unproven);
    CHECK(stopped.provenance.unproven->detail == "cut: a key that stops a command, such as ^C, stands in it");
}

TEST_CASE("rows that begin with blanks are rows, and lines among them that are nothing are named") {
    const auto list =
        list_of(ss_heading + ss_listener + " TIME-WAIT  0 0 192.0.2.10:40001 192.0.2.20:5432\n" +
                "\tCLOSE-WAIT 1 0 192.0.2.10:40002 192.0.2.20:5432\n");
    CHECK(states_of(list) ==
          States{{TcpState::listen, 1}, {TcpState::time_wait, 1}, {TcpState::close_wait, 1}});
    CHECK_FALSE(list.lost);
    const auto indented =
        list_of("    " + ss_heading + "    tcp " + ss_listener + "    tcp " + ss_connection);
    CHECK(states_of(indented) == States{{TcpState::listen, 1}, {TcpState::established, 1}});
    CHECK_FALSE(indented.lost);
    CHECK(lost_because(ss_heading + ss_listener + "  (snip)\n" + ss_connection) ==
          "line 3: '(snip)' is no row of ss");
}

TEST_CASE("what stands around a table is no part of it") {
    const States both{{TcpState::listen, 1}, {TcpState::established, 1}};
    const std::string table = ss_heading + ss_listener + ss_connection;
    std::string quoted = "On Monday somebody wrote at 12:30:45:\n";
    for (const std::string& line : {ss_heading, ss_listener, ss_connection}) {
        quoted += "> " + line;
    }
    std::string dos = table;
    for (std::size_t at = 0; (at = dos.find('\n', at)) != std::string::npos; at += 2) {
        dos.insert(at, "\r");
    }
    std::string wide = "\xFF\xFE";
    for (const char c : dos) {
        wide += c;
        wide += '\0';
    }
    for (const std::string& text :
         {"root@hosta:~# ss -tan\n" + table + "root@hosta:~#\n",
          "Hello,\n\nthis is what I see:\n\n```\n" + table + "```\nThanks\n", "\xEF\xBB\xBF" + table, quoted,
          dos, wide, "\x1b[1m" + ss_heading + "\x1b[0m" + ss_listener + ss_connection}) {
        const auto list = list_of(text);
        CHECK(states_of(list) == both);
        CHECK_FALSE(list.lost);
    }
}

TEST_CASE("of several snapshots in one text the last is judged, or the one that is chosen") {
    const std::string two = netstat_heading + netstat_rows + netstat_heading + netstat_rows;
    const auto last = list_of(two);
    CHECK(states_of(last) == States{{TcpState::listen, 1}, {TcpState::time_wait, 1}});
    CHECK(last.provenance.name == "the text of netstat, snapshot 2 of 2");
    const auto first = list_of(two + "tcp 0 0 192.0.2.10:40002 192.0.2.20:5432 TIME_WAIT\n", 1);
    CHECK(first.sockets.size() == 2);
    CHECK(first.provenance.name == "the text of netstat, snapshot 1 of 2");
    const auto error = replay::read_text(two, 3);
    REQUIRE_FALSE(error);
    CHECK(error.error().what == "--snapshot 3: there are 2 snapshots in it");
    const std::string bare = ss_listener + ss_connection + "TIME-WAIT 0 0 192.0.2.10:40001 192.0.2.20:5432\n";
    const auto loop = list_of(bare + bare + bare);
    CHECK(loop.sockets.size() == 3);
    CHECK(loop.provenance.name == "the text of ss, snapshot 3 of 3");
}

TEST_CASE("rows above the first heading are no snapshot of their own, unless those below repeat them") {
    const std::string waits = "TIME-WAIT 0 0 192.0.2.10:40001 192.0.2.20:5432\n"
                              "TIME-WAIT 0 0 192.0.2.10:40002 192.0.2.20:5432\n";
    const auto sorted = list_of("$ ss -tan | sort -r\n" + waits + ss_heading + ss_listener + "$\n");
    CHECK(states_of(sorted) == States{{TcpState::listen, 1}, {TcpState::time_wait, 2}});
    CHECK(sorted.provenance.name == "the text of ss");
    REQUIRE(sorted.provenance.unproven);
    CHECK(sorted.provenance.unproven->detail.starts_with("rows stand above the heading: "));
    const auto cut = list_of(waits + ss_connection + ss_heading + ss_listener + waits + ss_connection);
    CHECK(states_of(cut) ==
          States{{TcpState::listen, 1}, {TcpState::established, 1}, {TcpState::time_wait, 2}});
    CHECK(cut.provenance.name == "the text of ss, snapshot 2 of 2");
}

TEST_CASE("numbers of rows that are missing in a copy of /proc/net/tcp show the hole") {
    std::string text(test::proc_tcp);
    text.replace(text.find("   1: "), 6, " 117: ");
    CHECK(lost_because(text) == "rows 1 to 116 are missing");
    CHECK_FALSE(list_of(std::string(test::proc_tcp) + std::string(test::proc_tcp6)).lost);
}

TEST_CASE("the table of another tool in the same text is a second table") {
    const auto list = list_of("$ ss -tan\n" + ss_heading + ss_listener + ss_connection + "$ netstat -tan\n" +
                              netstat_heading + netstat_rows + "$\n");
    CHECK(states_of(list) == States{{TcpState::listen, 1}, {TcpState::established, 1}});
    CHECK_FALSE(list.lost);
    CHECK_FALSE(list.provenance.unproven);
    REQUIRE(list.provenance.gaps.size() == 1);
    CHECK(list.provenance.gaps[0].what == "the text of netstat");
}

TEST_CASE("where all lines end at one column, an end point that reaches it is no number to believe") {
    const std::string waits = "TIME-WAIT  0      0      192.0.2.10:40001     192.0.2.20:543\n"
                              "TIME-WAIT  0      0      192.0.2.10:40002     192.0.2.20:543\n";
    const std::string heading = "State      Recv-Q Send-Q Local Address:Port Peer Address:Por\n";
    const std::string listener = "LISTEN     0      128    0.0.0.0:22            0.0.0.0:*    \n";
    const auto list = list_of(heading + listener + waits);
    CHECK(states_of(list) == States{{TcpState::listen, 1}});
    CHECK(list.provenance.named[static_cast<std::size_t>(TcpState::time_wait)] == 2);
    CHECK(list.lost->detail.find("'192.0.2.20:543' is perhaps cut: all lines end at column 60") !=
          std::string::npos);
}

TEST_CASE("several hosts in one text are judged apart") {
    const std::string web1 = ss_heading + ss_listener + ss_connection;
    const std::string web2 = ss_heading + ss_listener;
    std::string prefixed;
    for (const auto& [host, rows] : {std::pair("web1: ", web1), std::pair("web2: ", web2)}) {
        std::string line;
        for (const char c : rows) {
            line += c;
            if (c == '\n') {
                prefixed += host + line;
                line.clear();
            }
        }
    }
    for (const std::string& text :
         {"web1 | CHANGED | rc=0 >>\n" + web1 + "web2 | CHANGED | rc=0 >>\n" + web2, prefixed}) {
        auto replay = replay::replay_of(text, {});
        REQUIRE(replay);
        REQUIRE(replay->targets.size() == 2);
        CHECK(replay->targets[0].label == "web1");
        CHECK(replay->targets[1].label == "web2");
        const auto host = kernel::collect(replay->targets);
        CHECK(host.namespaces[0].sockets.count(TcpState::established) == 1);
        CHECK(host.namespaces[1].sockets.count(TcpState::established) == 0);
        CHECK(host.namespaces[1].incomplete_sockets());
    }
}

TEST_CASE("a socket that moved while it was listed is no second snapshot") {
    CHECK(list_of(ss_heading + ss_listener + ss_connection + ss_connection).provenance.name ==
          "the text of ss");
}

TEST_CASE("a text that names no user has none, and the processes that it names are found") {
    const auto none = list_of(ss_heading + ss_listener + "CLOSE-WAIT 0 0 192.0.2.10:42000 192.0.2.20:8081\n");
    CHECK_FALSE(none.provenance.has_users);
    REQUIRE(none.holders);
    REQUIRE(none.holders->unseen);
    CHECK(none.holders->unseen->why == base::Why::failed); // it could have named them
    const auto holder_in = [](const Read& list) {
        const Socket& stuck = socket_at(list, 42000, TcpState::close_wait);
        REQUIRE(list.holders);
        const auto* holder = list.holders->find(stuck.inode);
        REQUIRE(holder != nullptr);
        const auto& process = list.holders->processes[holder->process];
        return process.command + " " + std::to_string(process.pid);
    };
    const std::string stuck = "CLOSE-WAIT 0 0 192.0.2.10:42000 192.0.2.20:8081 users:((\"app\",";
    CHECK(holder_in(list_of(ss_heading + ss_listener + stuck + "pid=7,fd=3))\n")) == "app 7");
    CHECK(holder_in(list_of(ss_heading + ss_listener + stuck + "7,3),(\"app\",8,3))\n")) == "app 7");
    CHECK(holder_in(list_of(netstat_heading + netstat_rows +
                            "tcp 0 0 192.0.2.10:42000 192.0.2.20:8081 CLOSE_WAIT 77/nginx: worker\n")) ==
          "nginx: worker 77");
}

TEST_CASE("rows with names count by their state, and names of services are ports") {
    const auto named = list_of(ss_heading + ss_listener + "ESTAB 0 0 web1.example:22 client.example:5000\n");
    CHECK(states_of(named) == States{{TcpState::listen, 1}});
    CHECK(named.provenance.named[static_cast<std::size_t>(TcpState::established)] == 1);
    CHECK(named.lost->detail == "line 3: 'web1.example:22' is a name (ss -n writes numbers)");
    const auto service = list_of(ss_heading + "LISTEN 0 5 0.0.0.0:ssh 0.0.0.0:*\n");
    if (std::filesystem::exists("/etc/services")) { // small systems have none
        REQUIRE(service.sockets.size() == 1);
        CHECK(service.sockets[0].local_port == 22);
    } else {
        CHECK(service.provenance.named[static_cast<std::size_t>(TcpState::listen)] == 1);
    }
}

TEST_CASE("netstat of busybox and old net-tools, of other languages, and of other systems") {
    const auto busybox =
        list_of(netstat_heading + netstat_rows +
                "tcp        0      0 :::8080                 :::*                    LISTEN\n");
    CHECK(states_of(busybox) == States{{TcpState::listen, 2}, {TcpState::time_wait, 1}});
    CHECK(socket_at(busybox, 8080, TcpState::listen).family == Family::ipv6);
    const std::string german = "Aktive Internetverbindungen (Server und stehende Verbindungen)\n"
                               "Proto Recv-Q Send-Q Local Address           Foreign Address         State\n"
                               "tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN\n";
    CHECK(states_of(list_of(german + "tcp 0 0 192.0.2.10:56952 192.0.2.20:443 VERBUNDEN\n")) ==
          States{{TcpState::listen, 1}, {TcpState::established, 1}});
    CHECK(lost_because(german + "tcp 0 0 192.0.2.10:56952 192.0.2.20:443 WARTET\n") ==
          "line 4: 'WARTET' is no state in English (LC_ALL=C netstat -tan writes that)");
    CHECK(error_of("Active Internet connections (including servers)\n"
                   "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
                   "tcp4       0      0 *.22                   *.*                    LISTEN\n") ==
          "netstat of FreeBSD, macOS or AIX, and tcpadvisor knows Linux: on a Linux host run ss -tanpoie");
    CHECK(error_of("Active Connections\n\n  Proto  Local Address          Foreign Address        State\n"
                   "  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING\n")
              .starts_with("netstat of Windows, "));
}

TEST_CASE("sysctls and sockstat in the same text are used, and show that it is whole") {
    const std::string table =
        ss_heading + ss_listener + ss_connection + "net.ipv4.ip_local_port_range = 40000\t40099\n";
    const auto incomplete = [&](const std::string& sockstat) {
        return host_of(list_of(table + sockstat + "TCP6: inuse 0\n")).namespaces[0].incomplete_sockets();
    };
    CHECK(host_of(list_of(table)).namespaces[0].sysctls.port_range()->low == 40000);
    CHECK_FALSE(incomplete("sockets: used 9\nTCP: inuse 2 orphan 0 tw 0 alloc 4 mem 1\n"));
    CHECK(incomplete("sockets: used 9\nTCP: inuse 2 orphan 0 tw 30 alloc 4 mem 1\n")->detail ==
          "only 2 of the 32 sockets that sockstat counts are in it");
}

TEST_CASE("an unpacked sosreport", "[openat2]") {
    const tests::Scratch scratch;
    scratch.write("sos_commands/networking/ss_-peaonmi", test::ss_peaonmi);
    scratch.write("sos_commands/networking/netstat_-W_-neopa", test::netstat_neopa);
    scratch.write("sos_commands/kernel/sysctl_-a", "kernel.hostname = web1\nkernel.osrelease = 5.14.0-1\n"
                                                   "net.ipv4.ip_local_port_range = 40000\t40999\nrubbish\n");
    scratch.write("proc/net/sockstat", "sockets: used 9\nTCP: inuse 3 orphan 0 tw 1 alloc 4 mem 1\n");
    scratch.write("etc/sysctl.d/50-x.conf", "net.ipv4.tcp_tw_reuse = 1\n");
    auto replay = replay::open_replay(scratch.path());
    REQUIRE(replay);
    snapshot::Host host = kernel::collect(replay->targets);
    kernel::collect({.boot_sysctls = true}, replay->targets, host);
    CHECK(host.name == "web1");
    CHECK(host.kernel == "5.14.0-1");
    const snapshot::Netns& netns = host.namespaces[0];
    CHECK(netns.provenance.name == "a sosreport, the text of ss");
    CHECK(netns.sockets.count(TcpState::listen) == 1);
    CHECK(netns.sysctls.port_range()->low == 40000);
    CHECK(*netns.counters.get("sockstat.TCP.orphan") == 0);
    CHECK(netns.counters.get("snmp.Tcp.RetransSegs").error().why == Why::not_collected);
    CHECK(netns.sysctls.text("net.ipv4.tcp_mem").error().why ==
          Why::absent); // `sysctl -a` lists all there are
    CHECK(netns.boot_sysctls->values.at("net.ipv4.tcp_tw_reuse").origin == "/etc/sysctl.d/50-x.conf:1");
}

TEST_CASE("a damaged file of a sosreport does not hide an intact one, and its namespaces are judged",
          "[openat2]") {
    const tests::Scratch scratch;
    scratch.write("sos_commands/networking/ss_-peaonmi", test::ss_peaonmi.substr(200));
    scratch.write("sos_commands/networking/netstat_-W_-neopa", test::netstat_neopa);
    scratch.write("sos_commands/networking/namespaces/blue/ip_netns_exec_blue_ss_-peaonmi", test::ss_peaonmi);
    const auto replay = replay::open_replay(scratch.path());
    REQUIRE(replay);
    REQUIRE(replay->targets.size() == 2);
    const auto first = replay->targets[0].machine->provenance();
    CHECK(first.name == "a sosreport, the text of netstat");
    REQUIRE(first.gaps.size() == 1);
    CHECK(first.gaps[0].what == "sos_commands/networking/ss_-peaonmi");
    CHECK(replay->targets[1].label == "blue");
}

TEST_CASE("sockstat of a sosreport shows rows that are missing", "[openat2]") {
    const tests::Scratch scratch;
    const auto collected = [&](std::string_view sockstat) {
        scratch.write("proc/net/sockstat", sockstat);
        auto replay = replay::open_replay(scratch.path());
        REQUIRE(replay);
        return std::move(kernel::collect(replay->targets).namespaces[0]);
    };
    scratch.write("sos_commands/networking/ss_-peaonmi", test::ss_peaonmi);
    scratch.write("proc/net/sockstat6", "TCP6: inuse 0\n");
    CHECK(collected("sockets: used 9\nTCP: inuse 36 orphan 0 tw 1 alloc 4 mem 1\n").lost_sockets->detail ==
          "only 4 of the 37 sockets that sockstat counts are in it");
    CHECK_FALSE(
        collected("sockets: used 9\nTCP: inuse 3 orphan 0 tw 1 alloc 4 mem 1\n").incomplete_sockets());
    CHECK(collected("sockets: used 9\nTCP: inuse 3 orphan 0 tw 1").incomplete_sockets()); // cut
}

TEST_CASE("links of a sosreport do not lead to this host", "[openat2]") {
    const tests::Scratch scratch;
    scratch.write("tcp", test::proc_tcp);
    std::filesystem::create_symlink("/proc/sys/kernel/hostname", scratch.path() + "/hostname");
    std::filesystem::create_directories(scratch.path() + "/proc/sys/kernel");
    std::filesystem::create_symlink("/etc/hostname", scratch.path() + "/proc/sys/kernel/hostname");
    std::filesystem::create_symlink("../../../../../../../../etc", scratch.path() + "/etc");
    ::mkfifo((scratch.path() + "/tcp6").c_str(), 0600);
    auto replay = replay::open_replay(scratch.path());
    REQUIRE(replay);
    CHECK(kernel::collect(replay->targets).name.empty());
    CHECK_FALSE(replay->targets[0].machine->list("/etc"));
}

TEST_CASE("paths that are no source") {
    const tests::Scratch scratch;
    const auto why = [](const std::string& path) {
        const auto replay = replay::open_replay(path);
        return replay ? "" : replay.error().what.substr(replay.error().what.rfind('/') + 1);
    };
    CHECK(replay::open_replay(scratch.path()).error().what.find("holds no sockets") != std::string::npos);
    ::mkfifo((scratch.path() + "/fifo").c_str(), 0600);
    CHECK(why(scratch.path() + "/fifo") == "fifo: is not a regular file");
    CHECK(why(scratch.path() + "/none") == "none: No such file or directory");
    CHECK(why("/dev/zero") == "zero: is not a regular file");
}

TEST_CASE("Four numbers are an address only as the kernel writes them") {
    CHECK(replay::dotted_quad("10.0.0.0") == snapshot::Address::parse("10.0.0.0"));
    for (const char* other : {"10.0.0.00", "010.0.0.1", "10.0.0", "10.0.0.0.", "10.0.0.256", ""}) {
        CHECK_FALSE(replay::dotted_quad(other));
    }
}

TEST_CASE("What is too short for a message is no dump by ss -D") {
    const auto list = replay::read_ss_dump(std::string(3, '\x14'));
    REQUIRE(list);
    CHECK(list->lost);
}

TEST_CASE("rows above the heading of another family are handed out as they were counted") {
    const std::string row =
        "  7: 0000000000000000FFFF00000100007F:20FB 0000000000000000FFFF00000100007F:D5BA 01 "
        "00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 0 0 10 -1\n";
    const Read read = list_of(row + "  sl  local_address rem_address   st\n");
    CHECK(read.size() == 1);
    CHECK(read.sockets.size() == 1);
}

TEST_CASE("an end above a heading is no reason to look behind the text") {
    CHECK_NOTHROW(list_of("LISTEN 0 1 192.0.2.1:80 0.0.0.0:*\nno row\nActive Internet connections\n"
                          "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"));
}
