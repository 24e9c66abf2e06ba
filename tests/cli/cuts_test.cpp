// A text of an exhausted host, cut anywhere, is never judged to be well.
#include "cli/judge.h"
#include "cli/observe.h"
#include "cli/rules.h"
#include "replay/replay.h"

#include "tests/catch.h"
#include "tests/scratch.h"

#include <filesystem>
#include <functional>
#include <random>
#include <set>

#include <stdlib.h>

#include <fmt/format.h>

using findings::State;

namespace {

constexpr int busy_ports = 95; // of 100
const std::string sockstat = "sockets: used 200\nTCP: inuse 2 orphan 0 tw 95 alloc 4 mem 1\n";
const std::string sockstat6 = "TCP6: inuse 1\n";

std::string rows(const std::string& first, const std::function<std::string(int)>& row,
                 const std::string& last) {
    std::string text = first;
    for (int port = 0; port < busy_ports; ++port) {
        text += row(40000 + port);
    }
    return text + last;
}

std::string of_ss() {
    return rows(
        "State      Recv-Q Send-Q Local Address:Port    Peer Address:Port\n"
        "LISTEN     0      128    0.0.0.0:22            0.0.0.0:*\n"
        "ESTAB      0      0      192.0.2.10:22         192.0.2.30:5000\n",
        [](int port) { return fmt::format("TIME-WAIT  0 0 192.0.2.10:{} 192.0.2.20:5432\n", port); },
        "LISTEN     0      128    [::]:22               [::]:*\n");
}

std::string of_netstat() {
    return rows(
        "Active Internet connections (servers and established)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State\n"
        "tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN\n"
        "tcp        0      0 192.0.2.10:22           192.0.2.30:5000         ESTABLISHED\n",
        [](int port) { return fmt::format("tcp 0 0 192.0.2.10:{} 192.0.2.20:5432 TIME_WAIT\n", port); },
        "tcp6       0      0 :::22                   :::*                    LISTEN\n");
}

std::string of_proc() {
    const std::string heading =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const std::string heading6 =
        "  sl  local_address                         remote_address                        st "
        "tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    return rows(
        heading + "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 2740 1\n"
                  "   1: 0A0200C0:0016 1E0200C0:1388 01 00000000:00000000 00:00000000 00000000 0 0 2741 1\n",
        [](int port) {
            return fmt::format("   2: 0A0200C0:{:04X} 140200C0:1538 06 00000000:00000000 03:00000100 "
                               "00000000 0 0 0 3\n",
                               port);
        },
        heading6 + "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A "
                   "00000000:00000000 00:00000000 00000000 0 0 2742 1\n");
}

class Judge {
  public:
    Judge() {
        options_.command = cli::Command::report;
        options_.replay = "cut";
        options_.rules_dir = no_rules_.path();
        options_.rule = {"ephemeral-port-exhaustion"};
        auto rules = cli::load_rules(options_);
        REQUIRE(rules);
        rules_.emplace(std::move(*rules));
    }

    /// None if the source is refused.
    std::optional<State> verdict(base::Result<replay::Replay> replay) const {
        if (!replay) {
            return std::nullopt;
        }
        const model::Assumptions assumed = {{"net.ipv4.ip_local_port_range", "40000 40099"}};
        const model::ModelNeeds needs = cli::needs_of(rules_->rules, rules::Detail::verdict);
        snapshot::Host host = cli::collect(replay->targets, assumed, needs);
        return cli::judge_host(options_, *rules_, assumed, host, rules::Detail::verdict).report.worst();
    }

  private:
    tests::Scratch no_rules_; // but the shipped ones
    cli::Options options_;
    std::optional<rules::Loaded> rules_;
};

/// The head or the tail taken away at the end of each line and at 100 random places.
void for_each_cut(const std::string& text, const std::function<void(std::string)>& visit) {
    std::set<std::size_t> places;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        places.insert(at + 1);
    }
    std::mt19937 random(1);
    for (int i = 0; i < 100; ++i) {
        places.insert(random() % text.size());
    }
    places.erase(text.size());
    for (const std::size_t place : places) {
        visit(text.substr(0, place));
        visit(text.substr(place));
    }
}

bool is_well(const std::optional<State>& state) {
    return state && *state <= State::info;
}

} // namespace

TEST_CASE("no cut makes a text of an exhausted host look well", "[exhaustive]") {
    const Judge judge;
    for (const std::string& text : {of_ss(), of_netstat(), of_proc(), of_ss() + sockstat + sockstat6,
                                    of_netstat() + sockstat + sockstat6, of_proc() + sockstat + sockstat6}) {
        CHECK(judge.verdict(replay::replay_of(text)) == State::critical);
        for_each_cut(text, [&](const std::string& cut) {
            if (is_well(judge.verdict(replay::replay_of(cut)))) {
                FAIL_CHECK("OK, " << cut.size() << " bytes: " << cut.substr(0, 300));
            }
        });
    }
}

TEST_CASE("no cut makes an exhausted host look well whose table stands above another's", "[exhaustive]") {
    const Judge judge;
    const std::string well = "State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
                             "LISTEN 0      128    0.0.0.0:22         0.0.0.0:*\n"
                             "ESTAB  0      0      192.0.2.40:22      192.0.2.30:5000\n";
    const std::string first = "root@web1:~# ss -tan\n" + of_ss();
    for (const std::string& text :
         {first + "root@web1:~# ssh web2\nroot@web2:~# ss -tan\n" + well + "root@web2:~# \n",
          "$ kubectl exec web-1 -- ss -tan\n" + of_ss() + "$ kubectl exec web-2 -- ss -tan\n" + well + "$ \n",
          "== web1 ==\n" + of_ss() + "== web2 ==\n" + well}) {
        CHECK(judge.verdict(replay::replay_of(text)) == State::critical);
        for_each_cut(text, [&](const std::string& cut) {
            const bool has_rows = cut.find("TIME-WAIT") != std::string::npos; // of the exhausted host
            if (has_rows && is_well(judge.verdict(replay::replay_of(cut)))) {
                FAIL_CHECK("OK, " << cut.size() << " bytes: " << cut.substr(0, 300));
            }
        });
    }
}

TEST_CASE("no cut makes a sosreport of an exhausted host look well", "[exhaustive]") {
    const Judge judge;
    const tests::Scratch directory;
    directory.write("proc/net/sockstat", sockstat);
    directory.write("proc/net/sockstat6", sockstat6);
    const auto check_cuts_of = [&](const std::string& file, const std::string& text) {
        directory.write(file, text);
        CHECK(judge.verdict(replay::open_replay(directory.path())) == State::critical);
        for_each_cut(text, [&](const std::string& cut) {
            directory.write(file, cut);
            if (is_well(judge.verdict(replay::open_replay(directory.path())))) {
                FAIL_CHECK("OK, " << cut.size() << " bytes: " << cut.substr(0, 300));
            }
        });
        directory.write(file, text);
    };
    const std::string ss = "sos_commands/networking/ss_-peaonmi";
    check_cuts_of(ss, of_ss());
    check_cuts_of("proc/net/sockstat", sockstat);
    std::filesystem::remove(directory.path() + "/" + ss);
    check_cuts_of("sos_commands/networking/netstat_-W_-neopa", of_netstat());
}

TEST_CASE("a text that shows its end is well if nothing is wrong") {
    const std::string healthy = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
                                "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n"
                                "ESTAB 0 0 192.0.2.10:22 192.0.2.30:5000\n";
    const Judge judge;
    CHECK(judge.verdict(replay::replay_of(healthy)) == State::unknown);
    CHECK(judge.verdict(replay::replay_of(healthy + "root@web1:~#\n")) == State::ok);
    CHECK(judge.verdict(replay::replay_of(
              healthy + "TCP: inuse 2 orphan 0 tw 0 alloc 4 mem 1\nTCP6: inuse 0\n")) == State::ok);
}
