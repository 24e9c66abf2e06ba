#include "tests/catch.h"

#include "facts/schema.h"
#include "model/derive.h"
#include "model/rates.h"
#include "tests/model/spaces.h"

using base::Why;
using facts::TableId;
using snapshot::Activity;
using snapshot::TcpState;

namespace {

/// A namespace with sockets in CLOSE_WAIT, whose holders and control groups are added as a test needs them.
struct World {
    snapshot::Host host;
    facts::Facts facts;

    World() {
        host.namespaces.push_back(tests::netns());
        host.namespaces[0].owners.emplace();
    }
    snapshot::Netns& netns() { return host.namespaces[0]; }
    snapshot::Holders& holders() { return netns().owners->holders; }

    snapshot::Socket leaked(std::uint32_t inode, std::uint32_t age_s = 100) {
        auto made = tests::socket(TcpState::close_wait, tests::here, 40000, tests::there, 80);
        made.inode = inode;
        made.uid = 1000;
        made.activity = Activity{age_s * 1000 + 500, age_s * 1000 + 500, age_s * 1000, true};
        return made;
    }
    void add(const snapshot::Socket& socket) { netns().sockets.add_close_wait(socket); }
    void leak(std::uint32_t first, std::uint32_t count, std::uint32_t age_s = 100) {
        for (std::uint32_t inode = first; inode < first + count; ++inode) {
            add(leaked(inode, age_s));
        }
    }
    /// A process that holds the sockets `first`, `first + 1`, ... as descriptors 10, 11, ...
    void hold(std::uint32_t pid, const char* command, std::uint32_t first, std::uint32_t count,
              const char* cgroup = "", std::uint32_t uid = 1000) {
        const auto process = static_cast<std::uint32_t>(holders().processes.size());
        holders().processes.push_back({pid, uid, command, cgroup, 1024, 300});
        for (std::uint32_t i = 0; i < count; ++i) {
            holders().sockets.push_back({first + i, process, 10 + i});
        }
    }
    const facts::Table& table() {
        facts = model::derive(host, {}, {});
        return facts.namespaces[0].table(TableId::close_wait);
    }
    facts::Value get(std::string_view column, std::size_t row = 0) {
        const facts::Table& from = table();
        REQUIRE(row < from.size());
        return from.get(row, *from.schema().find(column));
    }
    std::vector<std::string> names() {
        std::vector<std::string> all;
        for (std::size_t row = 0; row < table().size(); ++row) {
            all.push_back(get("owner", row).text());
        }
        return all;
    }
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("The one process that holds them all") {
    World world;
    world.leak(100, 25);
    world.leak(125, 1, 7200);
    world.hold(812, "python3", 100, 26);
    CHECK(world.names() == Names{"python3 (pid 812)"});
    CHECK(world.get("total").number() == 26);
    CHECK(world.get("process").text() == "python3");
    CHECK(world.get("pid").number() == 812);
    CHECK(world.get("fd").number() == 35); // of the oldest
    CHECK(world.get("nofile").number() == 1024);
    CHECK(world.get("open_files").number() == 300);
    CHECK(world.get("held").number() == 26);
    CHECK(world.get("processes").number() == 1);
    CHECK(world.get("uid").number() == 1000);
    CHECK(world.get("oldest").number() == 7200);
    CHECK(world.get("oldest_most").number() == 7200.5);
    CHECK(world.get("process_gap").gap().why == Why::absent);
    CHECK(world.get("unit").gap().why == Why::absent);
    CHECK(world.get("listener").gap().why == Why::absent);
}

TEST_CASE("Of sockets that may be equally old the one with the lowest descriptor is named") {
    const auto named = [](std::uint32_t late, std::uint32_t late_ms) {
        World world;
        for (std::uint32_t inode = 100; inode < 110; ++inode) {
            auto one = world.leaked(inode);
            one.activity->last_ack_recv_ms += inode >= late ? late_ms : 0;
            one.activity->last_data_recv_ms = one.activity->last_ack_recv_ms;
            world.add(one);
        }
        world.hold(812, "python3", 100, 10);
        return world.get("fd").number();
    };
    CHECK(named(200, 0) == 10);
    CHECK(named(105, 4) == 10); // a tick of the clock
    CHECK(named(109, 1000) == 10);
    CHECK(named(105, 1001) == 15);
}

TEST_CASE("Processes of one command and user are one owner; the fullest of them is named") {
    World world;
    world.leak(100, 30);
    world.hold(812, "apache2", 100, 10);
    world.hold(813, "apache2", 110, 15);
    world.hold(814, "other", 125, 3);
    world.hold(815, "apache2", 128, 2, "", 33);
    CHECK(world.names() == Names{"apache2 (2 processes)", "apache2 (pid 815)", "other (pid 814)"});
    CHECK(world.get("total").number() == 25);
    CHECK(world.get("pid").number() == 813);
    CHECK(world.get("held").number() == 15);
    CHECK(world.get("processes").number() == 2);
}

TEST_CASE("Nearest to the limit of open files comes before most sockets") {
    World world;
    world.leak(100, 30);
    world.hold(812, "apache2", 100, 20);
    world.hold(813, "apache2", 120, 10);
    world.holders().processes[0].file_limit = 100'000;
    CHECK(world.get("pid").number() == 813);
    world.holders().processes[0].file_limit.reset(); // unlimited
    world.holders().processes[1].file_limit.reset();
    CHECK(world.get("pid").number() == 812);
    CHECK(world.get("nofile").gap().why == Why::absent);
}

TEST_CASE("A unit or container is one owner, whatever its processes and users") {
    World world;
    world.netns().owners->cgroups.emplace(7, std::string("/system.slice/nginx.service"));
    auto one = world.leaked(100);
    one.cgroup = 7;
    world.add(one);
    one.inode = 101;
    one.uid = 33;
    world.add(one);
    one.inode = 102; // made by systemd itself, held by the service
    one.cgroup = 5;
    world.netns().owners->cgroups.emplace(5, std::string("/init.scope"));
    world.add(one);
    world.hold(812, "nginx", 102, 1, "/system.slice/nginx.service");
    CHECK(world.names() == Names{"nginx.service"});
    CHECK(world.get("total").number() == 3);
    CHECK(world.get("unit").text() == "nginx.service");
    CHECK(world.get("process").text() == "nginx");
    CHECK(world.get("container").gap().why == Why::absent);
}

TEST_CASE("Without the right to look at processes: the control group, and what would tell") {
    World world;
    world.netns().owners->cgroups.emplace(7, std::string("/system.slice/nginx.service"));
    world.netns().owners->cgroups.emplace(8, std::string("/my\ngroup"));
    world.netns().owners->cgroups.emplace(9, base::Gap{"control group 9", Why::absent, "removed"});
    world.holders().unseen = base::Gap{"who", Why::denied, "needs CAP_SYS_PTRACE"};
    auto one = world.leaked(100);
    for (const std::uint64_t cgroup : {7U, 8U, 9U, 1U}) {
        one.cgroup = cgroup;
        world.add(one);
    }
    one.cgroup.reset(); // a kernel without CGROUP_ID
    world.add(one);
    CHECK(world.names() ==
          Names{"nginx.service", "uid 1000", "uid 1000 cgroup /my?group", "uid 1000 cgroup 9"});
    for (const char* column : {"process", "pid", "fd", "nofile", "held", "processes", "open_files"}) {
        CAPTURE(column);
        CHECK(world.get(column).gap().why == Why::not_collected); // rules are skipped, not UNKNOWN
        CHECK(world.get(column).gap().detail == "needs CAP_SYS_PTRACE");
    }
    CHECK(world.get("process_gap").text() == "needs CAP_SYS_PTRACE");
}

TEST_CASE("A socket that nobody holds although everything was looked at: the kernel's") {
    World world;
    world.leak(100, 5);
    CHECK(world.names() == Names{"uid 1000"});
    CHECK(world.get("process").gap().why == Why::absent);
    CHECK(world.get("process_gap").text().find("kernel") != std::string::npos);
}

TEST_CASE("Young ones were not looked for, which is no news about the kernel") {
    World world;
    world.leak(100, 5, 4);
    CHECK(world.get("process").gap().why == Why::not_collected);
    world.netns().owners.reset();
    world.leak(200, 5);
    CHECK(world.get("process").gap().why == Why::not_collected);
    CHECK(world.get("process_gap").text() == "looked for when 5 sockets are stuck for 5 s");
}

TEST_CASE("What waits for accept() belongs to the holder of the listener") {
    World world;
    auto web = tests::listener("0.0.0.0", 80);
    web.inode = 900;
    web.uid = 33;
    world.netns().sockets.add_listener(web);
    auto waiting = tests::socket(TcpState::close_wait, tests::here, 80, tests::there, 5000);
    waiting.inode = 0;
    waiting.uid = 0;
    waiting.activity = Activity{90'000, 90'000, 80'000, true};
    world.add(waiting);
    world.hold(812, "httpd", 900, 1);
    CHECK(world.names() == Names{"httpd (pid 812)"});
    CHECK(world.get("uid").number() == 33);
    CHECK(world.get("unaccepted_30s").number() == 1);
    CHECK(world.get("held").number() == 0); // they cost no descriptor yet
    CHECK(world.get("fd").number() == 10);
    auto accepted = waiting;
    accepted.inode = 901;
    accepted.uid = 33;
    accepted.activity = Activity{10'000, 10'000, 9'000, true};
    world.add(accepted);
    world.holders().sockets.push_back({901, 0, 77});
    CHECK(world.get("fd").number() == 77); // its own descriptor tells more than the listener's
    for (std::uint32_t i = 0; i < 3; ++i) {
        auto leak = world.leaked(1000 + i);
        world.holders().sockets.push_back({leak.inode, 0, 80 + i});
        world.add(leak);
    }
    CHECK(world.names().size() == 1);
    CHECK(world.get("end_point").text() == "192.0.2.9:80"); // with most of all sockets
    CHECK(world.get("listener").text() == "192.0.2.1:80");  // with most that were not accepted
}

TEST_CASE("Sockets beyond the list are counted for the user") {
    World world;
    world.leak(1, 66'000);
    world.hold(812, "python3", 1, 66'000);
    CHECK(world.names() == Names{"python3 (pid 812)", "uid 1000"});
    CHECK(world.get("total").number() + world.get("total", 1).number() == 66'000);
}

TEST_CASE("Names that a process made up are printable in facts") {
    World world;
    world.leak(100, 5);
    world.hold(812, "a\n|\x1B[3\xFF", 100, 5);
    CHECK(world.names() == Names{"a?|?[3? (pid 812)"});
    CHECK(world.get("process").text() == "a?|?[3?");
    world.holders().processes[0].command = " ";
    CHECK(world.names() == Names{"? (pid 812)"});
}

TEST_CASE("Ages are unknown without tcp_info, and so is what is held") {
    World world;
    auto bare = world.leaked(100);
    bare.activity.reset();
    world.add(bare);
    world.hold(812, "python3", 100, 1);
    CHECK(world.get("oldest").gap().why == Why::failed);
    CHECK(world.get("oldest_most").gap().why == Why::failed);
    CHECK(world.get("held").gap().why == Why::failed);
    CHECK(world.get("leaked").number() == 1);
}

TEST_CASE("Keepalive makes ages uncertain: how many") {
    World world;
    auto kept = world.leaked(100);
    kept.timer = snapshot::Timer::keepalive;
    world.add(kept);
    world.add(world.leaked(101));
    CHECK(world.get("keepalive").number() == 1);
}

TEST_CASE("The limit of open files comes near only if something grows") {
    const auto limit_in = [](std::uint32_t first, std::uint32_t then) {
        World world;
        world.leak(100, 40);
        world.hold(812, "java", 100, 40);
        history::History history;
        history.uptime = 5000;
        history.namespaces.resize(1);
        for (const auto& [uptime, count] : {std::pair(4500.0, first), std::pair(4900.0, then)}) {
            history::Sample made;
            made.uptime = uptime;
            made.levels = {{model::level_key_of_owner("java (pid 812)"), count}};
            history.namespaces[0].samples.push_back(made);
        }
        const auto facts = model::derive(world.host, {}, history);
        const facts::Table& table = facts.namespaces[0].table(TableId::close_wait);
        return table.get(0, *table.schema().find("file_limit_in"));
    };
    CHECK(limit_in(0, 30).number() == Approx(724 / 0.075));
    CHECK(limit_in(36, 39).gap().why == Why::absent); // 3 in 400 s
}

TEST_CASE("What is left of the limit of open files") {
    World world;
    world.leak(100, 5);
    world.hold(812, "java", 100, 5);
    CHECK(world.get("files_left").number() == 724);
    world.holders().processes[0].open_files = 2000; // the limit was lowered below it
    CHECK(world.get("files_left").number() == 0);
    world.holders().processes[0].open_files.reset();
    CHECK(world.get("files_left").gap().why == Why::absent);
    world.holders().processes[0] = {812, 1000, "java", "", std::nullopt, 300};
    CHECK(world.get("files_left").gap().why == Why::absent);
}
