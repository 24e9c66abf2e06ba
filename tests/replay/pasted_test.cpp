#include "replay/replay.h"
#include "tests/catch.h"
#include "tests/replay/foreign_texts.h"

#include <map>
#include <string>
#include <vector>

using snapshot::TcpState;

namespace {

const std::string heading = "State      Recv-Q Send-Q Local Address:Port                Peer Address:Port\n";
const std::string rows = "LISTEN     0      128          0.0.0.0:22                  0.0.0.0:*\n"
                         "ESTAB      0      0       192.0.2.1:22             198.51.100.1:50001\n"
                         "TIME-WAIT  0      0       192.0.2.1:40001          198.51.100.7:443\n"
                         "CLOSE-WAIT 1      0       192.0.2.1:22             198.51.100.9:40009\n";
const std::string table = heading + rows;

std::string each_line(const std::string& before, const std::string& behind = "") {
    std::string text;
    std::string line;
    for (const char c : table) {
        if (c == '\n') {
            text += before + line + behind + "\n";
            line.clear();
        } else {
            line += c;
        }
    }
    return text;
}

std::string with(const std::string& what, const std::string& by, std::string text = table) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

std::string broken_at(std::size_t width) {
    std::string text;
    std::size_t column = 0;
    for (const char c : table) {
        if (c != '\n' && column == width) {
            text += '\n';
            column = 0;
        }
        text += c;
        column = c == '\n' ? 0 : column + 1;
    }
    return text;
}

std::string utf16(bool little) {
    std::string text;
    for (const char c : table) {
        text += little ? std::string{c, '\0'} : std::string{'\0', c};
    }
    return text;
}

std::vector<std::uint32_t> counts_of(const std::string& text) {
    const auto list = test::read_foreign(text);
    if (!list) {
        FAIL(list.error().what);
    }
    std::vector<std::uint32_t> counts;
    for (const TcpState state :
         {TcpState::listen, TcpState::established, TcpState::time_wait, TcpState::close_wait}) {
        const auto at = static_cast<std::size_t>(state);
        counts.push_back(list->counts[at] + list->provenance.named[at]);
    }
    return counts;
}

const std::vector<std::uint32_t> one_each = {1, 1, 1, 1};

} // namespace

TEST_CASE("what mail, chat and terminals do to a text without loss is undone") {
    const std::map<std::string, std::string> texts = {
        {"no-break spaces", with("  ", "\xC2\xA0 ")},
        {"only no-break spaces", with(" ", "\xC2\xA0")},
        {"zero width", with(":", "\xE2\x80\x8B:")},
        {"tabs", with("  ", "\t")},
        {"CR", with("\n", "\r")},
        {"CRLF", with("\n", "\r\n")},
        {"UTF-16 LE", utf16(true)},
        {"UTF-16 BE", utf16(false)},
        {"HTML blanks", with("  ", "&nbsp; ")},
        {"HTML quote", each_line("&gt; ")},
        {"HTML lines", with("\n", "<br>\n")},
        {"empty lines between", with("\n", "\n\n")},
        {"a fence on the line", "```" + table.substr(0, table.size() - 1) + "```\n"},
        {"a title of the terminal", "\x1b]0;root@web1: ~\x07root@web1:~# ss -tan\n" + table},
        {"a message of kubectl", "Defaulted container \"web\" out of: web, proxy\n" + table},
        {"a pager", table + "~\n(END)\n"},
    };
    for (const auto& [name, text] : texts) {
        INFO(name);
        CHECK(counts_of(text) == one_each);
    }
}

TEST_CASE("rows are found behind what somebody wrote before them, and nothing shows that they are all") {
    const std::map<std::string, std::string> texts = {
        {"a journal", each_line("Nov 30 10:00:01 web1 netmon[812]: ")},
        {"compose", each_line("web-1  | ")},
        {"kubectl", each_line("[pod/web-1/web] ")},
        {"time stamps", each_line("2026-11-30T10:00:00.123Z ")},
        {"numbers", each_line("     7\t")},
        {"grep", each_line("ss.txt:")},
        {"JSON", "{\"stdout_lines\": [" + each_line("\"", "\",") + "]}"},
        {"one string of JSON", "\"" + with("\n", "\\n") + "\""},
        {"a narrow terminal", broken_at(60)},
    };
    for (const auto& [name, text] : texts) {
        INFO(name);
        CHECK(counts_of(text) == one_each);
        const auto list = test::read_foreign(text);
        CHECK((list->lost || list->provenance.unproven));
    }
}

TEST_CASE("a row that was damaged is not made whole by what stands in it") {
    std::string text = table;
    text.replace(text.find("0.0.0.0:22"), 70, "0.0.0.0:2"); // and the next row follows on the line
    const auto list = test::read_foreign(text);
    REQUIRE(list);
    CHECK((list->lost || list->provenance.unproven));
}

TEST_CASE("rows that follow behind an end, and two rows in one, show that something is missing") {
    const std::string end = "$ uptime\n";
    CHECK(test::read_foreign("$ ss -tan\n" + table + end)->provenance.unproven == std::nullopt);
    std::string torn = "$ ss -tan\n" + table + end;
    torn.replace(torn.find("TIME-WAIT"), 0, "$ \n");
    CHECK(test::read_foreign(torn)->provenance.unproven);

    const std::string row =
        "ESTAB 0 0 192.0.2.1:40001 198.51.100.7:443 users:((\"app\",pid=9,fd=5)) ino:10 sk:a\n";
    const auto identities =
        test::read_foreign(heading + rows.substr(0, rows.find('\n') + 1) + row.substr(0, row.size() - 1) +
                           row.substr(row.find(" ino:")) + end);
    REQUIRE(identities);
    CHECK(identities->lost);
}

TEST_CASE("counts by state are no table, and yet at least so many") {
    const auto list = test::read_foreign("$ ss -tan | awk '{print $1}' | sort | uniq -c\n     12 ESTAB\n"
                                         "      1 State\n  28000 TIME-WAIT\n");
    REQUIRE(list);
    CHECK(list->lost);
    CHECK(list->provenance.named[static_cast<std::size_t>(TcpState::time_wait)] == 28000);
    CHECK(list->provenance.named[static_cast<std::size_t>(TcpState::established)] == 12);
}

TEST_CASE("one state that was asked for is known from the command, else it is said") {
    const std::string text = "Recv-Q Send-Q Local Address:Port  Peer Address:Port\n"
                             "0      0      192.0.2.1:40000     198.51.100.7:443\n";
    CHECK(counts_of("# ss -tan state time-wait\n" + text) == std::vector<std::uint32_t>{0, 0, 1, 0});
    const auto without = test::read_foreign(text);
    REQUIRE_FALSE(without);
    CHECK(without.error().what.find("run ss -tan") != std::string::npos);
}

TEST_CASE("what is no table is called by its name") {
    const auto error = [](const char* text) { return test::read_foreign(text).error().what; };
    CHECK(error("") == "nothing in it");
    CHECK(error("{\\rtf1 State") == "a document of RTF: save it as plain text");
    CHECK(error("Total: 180\nTCP:   120 (estab 30, closed 60, timewait 55)\n").find("ss -s") !=
          std::string::npos);
}

namespace {

using Labels = std::vector<std::string>;

/// The places that are judged apart; none: the text is of one.
Labels places_in(const std::string& text) {
    const auto replay = replay::replay_of(text);
    Labels labels;
    if (replay && replay->targets.size() > 1) {
        for (const kernel::Target& target : replay->targets) {
            labels.push_back(target.label);
        }
    }
    return labels;
}

} // namespace

TEST_CASE("the prompts, the commands and the titles above tables tell whose they are") {
    const Labels two = {"web1", "web2"};
    const std::string same = "$ ss -tan\n" + table;
    const std::map<std::string, std::string> texts = {
        {"prompts",
         "root@web1:~# ss -tan\n" + table + "root@web1:~# ssh web2\nroot@web2:~# ss -tan\n" + table},
        {"brackets",
         "[a@web1 ~]$ ss -tan\n" + table + "[a@web1 ~]$ exit\nlogout\n[a@web2 ~]$ ss -tan\n" + table},
        {"ssh", "$ ssh web1 ss -tan\n" + table + "$ ssh -p 22 root@web2 'ss -tan'\n" + table},
        {"a shell there", "$ ssh web1\n" + same + "$ exit\n$ ssh web2\n" + same},
        {"kubectl", "$ kubectl exec -n shop web1 -- ss -tan\n" + table +
                        "$ kubectl exec -it web2 -c a -- ss -tan\n" + table},
        {"docker", "# docker exec web1 ss -tan\n" + table + "# docker exec web2 ss -tan\n" + table},
        {"netns",
         "$ sudo ip netns exec web1 ss -tan\n" + table + "$ sudo ip netns exec web2 ss -tan\n" + table},
        {"ss -N", "$ ss -N web1 -tan\n" + table + "$ ss -N web2 -tan\n" + table},
        {"a shell in a netns",
         "a@web1:~$ ss -tan\n" + table + "a@web1:~$ ip netns exec web2 bash\na@web1:~$ ss -tan\n" + table},
        {"hostname", "$ hostname\nweb1\n" + same + "$ hostname\nweb2\n" + same},
        {"lines", "=== web1 ===\n" + table + "=== web2 ===\n" + table},
        {"head", "==> web1/ss.txt <==\n" + table + "\n==> web2/ss.txt <==\n" + table},
        {"salt", "web1:\n" + each_line("    ") + "web2:\n" + each_line("    ")},
        {"pssh",
         "[1] 10:00:00 [SUCCESS] web1\n" + table + "[2] 10:00:00 [FAILURE] web2 Exited with 1\n" + table},
        {"clush -b", "------\nweb1\n------\n" + table + "------\nweb2\n------\n" + table},
        {"echo", "# web1\n" + table + "# web2\n" + table},
        {"prose", "This is from web1:\n```\n" + table + "```\nand on web2:\n```\n" + table + "```\n"},
        {"the first prompt is not there", table + "root@web1:~# \nroot@web2:~# ss -tan\n" + table},
    };
    for (const auto& [name, text] : texts) {
        INFO(name);
        CHECK(places_in(text) == two);
    }
}

TEST_CASE("titles of several words are told apart") {
    CHECK(places_in("--- server no 1 ---\n" + table + "--- server no 2 ---\n" + table) ==
          Labels{"server no 1", "server no 2"});
    CHECK(places_in("--- TCP sockets ---\n" + table + "--- all sockets ---\n" + table).empty());
}

TEST_CASE("tables of one host are its snapshots") {
    const std::string same = "root@web1:~# ss -tan\n" + table;
    for (const std::string& text :
         {same + same, table + table, "$ ss -tan\n" + table + "$ sudo ss -tan\n" + table,
          table + "root@web1:~# date\nMon Nov 30 10:00:00 UTC 2026\n" + same,
          "==> proc/net/ss <==\n" + table + "==> ss.txt <==\n" + table, "10:00\n" + table + "10:05\n" + table,
          "$ sudo ss -tan\n[sudo] password for joe:\n" + table + "$ sudo ss -tan\n" + table}) {
        INFO(text);
        CHECK(places_in(text).empty());
    }
}

TEST_CASE("counts in the same text that a table does not agree with make it unknown") {
    const auto lost = [](const std::string& text) {
        const auto replay = replay::replay_of(text);
        REQUIRE(replay);
        return !replay->targets[0].machine->sockets({kernel::Walk::connections}, [](auto) {}).outcome;
    };
    const std::string whole = "$ ss -tan\n" + table;
    CHECK_FALSE(lost(whole + "$ ss -s\nTCP:   9 (estab 1, closed 1, orphaned 0, timewait 1)\n$ \n"));
    CHECK_FALSE(lost(whole + "$ cat /proc/net/sockstat\nTCP: inuse 3 orphan 0 tw 2 alloc 9 mem 1\n$ \n"));
    CHECK(lost("$ ss -s\nTCP:   900 (estab 1, closed 800, orphaned 0, timewait 700)\n" + whole + "$ \n"));
    CHECK(lost(whole + "$ cat /proc/net/sockstat\nTCP: inuse 3 orphan 0 tw 700 alloc 9 mem 1\n$ \n"));
    std::string waiting = "$ ss -tan state close-wait\nRecv-Q Send-Q Local Address:Port Peer Address:Port\n";
    for (int port = 10000; port < 10100; ++port) {
        waiting += "1 0 192.0.2.1:22 198.51.100.9:" + std::to_string(port) + "\n";
    }
    CHECK(lost(waiting + whole + "$ \n"));
}

TEST_CASE("what people paste in place of a table leads to what they need") {
    const auto error = [](const std::string& text) { return replay::replay_of(text).error().what; };
    const std::map<std::string, std::string> texts = {
        {"bash: ss: command not found\n", "no ss there"},
        {"OCI runtime exec failed: exec: \"ss\": executable file not found in $PATH\n", "/proc/net/tcp"},
        {"net.ipv4.tcp_tw_reuse = 2\n", "audit --files"},
        {"TCP: inuse 4 orphan 0 tw 28200 alloc 9 mem 1\n", "tw 28200"},
        {"TCP:   9 (estab 1, closed 1, orphaned 0, timewait 28200)\n", "timewait 28200"},
        {"COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME\n", "lsof"},
        {"tcp 6 9 ESTABLISHED src=192.0.2.1 dst=192.0.2.2 sport=4 dport=5\n", "conntrack"},
        {"#kernel\nTcpActiveOpens 12 0.0\n", "nstat"},
        {"Tcp:\n    12 active connection openings\n", "netstat -s"},
        {"State,Recv-Q,Send-Q\nLISTEN,0,128\n", "commas"},
        {"0 0 192.0.2.1:40001 192.0.2.2:5432\n", "no state"},
        {"web1 | FAILED | rc=127 >>\nss: not found\nweb2 | FAILED | rc=127 >>\n\n", "web1: no ss there"},
    };
    for (const auto& [text, expected] : texts) {
        INFO(text);
        CHECK(error(text).find(expected) != std::string::npos);
    }
}

TEST_CASE("prompts of other shells and the lines of Markdown are known") {
    for (const std::string prompt : {"PS C:\\> ", "\u279c  ~ "}) {
        const auto list = test::read_foreign(prompt + "ss -tan\n" + table + prompt + "\n");
        REQUIRE(list);
        CHECK_FALSE(list->provenance.unproven);
    }
    std::string markdown =
        "| State | Recv-Q | Send-Q | Local Address:Port | Peer Address:Port |\n|---|---|---|---|---|\n"
        "| LISTEN | 0 | 5 | 0.0.0.0:22 | 0.0.0.0:* |\n"
        "| ESTAB | 0 | 0 | 192.0.2.1:22 | 192.0.2.2:4 |\n";
    const auto list = test::read_foreign(markdown);
    REQUIRE(list);
    CHECK_FALSE(list->lost);
    CHECK(list->provenance.unproven);
}
