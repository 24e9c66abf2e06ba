#include "kernel/cgroups.h"
#include "kernel/collect.h"
#include "kernel/processes.h"
#include "replay/recorder.h"
#include "tests/kernel/messages.h"

#include "tests/catch.h"
#include "tests/scratch.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <linux/tcp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using base::Why;
using kernel::Deadline;
using kernel::Walk;
using snapshot::WantedSocket;
using test::operator+;
using Urgency = WantedSocket::Urgency;

namespace {

namespace fs = std::filesystem;

/// A directory that looks like /proc, or like a hierarchy of control groups.
class Tree {
  public:
    std::string root() const { return scratch_.path(); }
    void directory(const std::string& path) const { fs::create_directories(root_ / path); }
    void file(const std::string& path, std::string_view content) const { scratch_.write(path, content); }
    void process(const std::string& pid, const std::string& comm,
                 const std::vector<std::string>& links) const {
        directory(pid + "/fd");
        file(pid + "/comm", comm + "\n");
        file(pid + "/limits", "Limit  Soft Limit  Hard Limit  Units\n"
                              "Max open files            1024                 524288               files\n");
        file(pid + "/cgroup", "0::/system.slice/" + comm + ".service\n");
        for (std::size_t i = 0; i < links.size(); ++i) {
            fs::create_symlink(links[i], root_ / pid / "fd" / std::to_string(i));
        }
    }
    void remove(const std::string& path) const { fs::remove_all(root_ / path); }
    std::uint64_t number(const std::string& path) const {
        struct stat status {};
        REQUIRE(::stat((root_ / path).c_str(), &status) == 0);
        return status.st_ino;
    }

  private:
    tests::Scratch scratch_;
    const fs::path root_ = scratch_.path();
};

snapshot::Holders find(const Tree& tree, const std::vector<WantedSocket>& wanted,
                       Deadline deadline = Deadline::max()) {
    return kernel::find_holders(tree.root(), wanted, deadline);
}

/// Exits, but for a thread that still has the socket whose inode is told; for a minute at most.
[[noreturn]] void leave_a_socket_to_a_thread(int told) noexcept {
    struct stat status {};
    ::fstat(::socket(AF_UNIX, SOCK_STREAM, 0), &status);
    std::thread([] {
        ::prctl(PR_SET_NAME, "thread");
        ::sleep(60);
        ::_exit(0);
    }).detach();
    ::prctl(PR_SET_NAME, "leader");
    const auto inode = static_cast<std::uint32_t>(status.st_ino);
    const bool written = ::write(told, &inode, sizeof inode) == sizeof inode;
    for (;;) {
        ::syscall(SYS_exit, written ? 0 : 1);
    }
}

} // namespace

TEST_CASE("the holder of a socket, with its name, limit and control group") {
    const Tree tree;
    tree.process("1", "init", {"/dev/null", "socket:[11]"});
    tree.process("812", "python3", {"/dev/null", "pipe:[8]", "socket:[42]", "socket:[43]"});
    tree.file("self/comm", "no process\n");
    const auto held = find(tree, {{42, 0}, {43, 0, Urgency::in_passing}});
    REQUIRE(held.processes.size() == 1);
    CHECK(held.processes[0].pid == 812);
    CHECK(held.processes[0].command == "python3");
    CHECK(held.processes[0].file_limit == 1024);
    CHECK(held.processes[0].cgroup == "/system.slice/python3.service");
    CHECK(held.sockets == std::vector<snapshot::Holder>{{42, 0, 2}, {43, 0, 3}});
    CHECK_FALSE(held.unseen);
}

TEST_CASE("of a server that has forked a child is named that has the socket, too: it accepts") {
    const Tree tree;
    tree.process("1", "init", {});
    tree.process("20", "nginx", {"/dev/null", "socket:[42]"});
    tree.directory("20/task/20");
    tree.file("20/task/20/children", "21 22 23 24");
    tree.process("21", "nginx", {"/dev/null", "pipe:[42]"});
    tree.process("22", "rotatelogs", {"/dev/null", "socket:[42]"}); // it only forgot to close it
    tree.process("23", "nginx", {"/dev/null", "socket:[42]"});
    const auto holder_of = [&](const WantedSocket& socket) {
        const auto held = find(tree, {socket});
        REQUIRE(held.sockets.size() == 1);
        return held.processes[held.sockets[0].process];
    };
    CHECK(holder_of({42, 0, Urgency::needed, true}).pid == 23);
    CHECK(holder_of({42, 0}).pid == 20);
}

TEST_CASE("a name keeps every byte that the process gave it") {
    const Tree tree;
    tree.process("1", "init", {});
    tree.process("7", "a\n|\x1B[31m\xFF", {"socket:[42]"});
    const auto held = find(tree, {{42, 0}});
    REQUIRE(held.processes.size() == 1);
    CHECK(held.processes[0].command == "a\n|\x1B[31m\xFF");
}

TEST_CASE("the search ends with the last needed socket") {
    const Tree tree;
    tree.process("1", "first", {"socket:[42]"});
    tree.process("2", "second", {"socket:[43]"});
    const auto held = find(tree, {{42, 0}, {43, 0, Urgency::in_passing}});
    CHECK(held.processes.size() == 1);
    CHECK_FALSE(held.unseen);
    CHECK(find(tree, {{43, 0, Urgency::in_passing}}).processes.empty());
    CHECK(find(tree, {}).processes.empty());
}

TEST_CASE("a socket that is asked for twice is needed if it is needed once") {
    const Tree tree;
    tree.process("1", "first", {"socket:[42]"});
    CHECK(find(tree, {{42, 0, Urgency::in_passing}, {42, 0}}).sockets.size() == 1);
}

TEST_CASE("a socket that nobody holds is no gap once everything was looked at") {
    const Tree tree;
    tree.process("1", "init", {"socket:[42x]", "socket:[4294967338]", "socket:[", "anon_inode:[42]", "[42]"});
    const auto held = find(tree, {{42, 0}}); // 4294967338 is 42 in 32 bits
    CHECK(held.sockets.empty());
    CHECK_FALSE(held.unseen);
}

TEST_CASE("a process that exits while it is looked at holds nothing, and another may hold the same") {
    const Tree tree;
    tree.process("1", "init", {});
    tree.process("5", "leaving", {"socket:[42]", "socket:[44]", "socket:[45]"});
    tree.remove("5/comm");
    tree.process("6", "staying", {"socket:[42]"});
    const auto held = find(tree, {{42, 0}, {44, 0}});
    REQUIRE(held.processes.size() == 1);
    CHECK(held.processes[0].command == "staying");
    CHECK(held.sockets == std::vector<snapshot::Holder>{{42, 0, 0}});
}

TEST_CASE("where process 1 cannot be seen, other users are hidden") {
    const Tree tree;
    tree.process("5", "mine", {"socket:[42]"});
    const auto held = find(tree, {{42, 0}, {43, 0}});
    CHECK(held.sockets.size() == 1);
    REQUIRE(held.unseen);
    CHECK(held.unseen->why == Why::denied);
    CHECK(held.unseen->detail.find("hidepid") != std::string::npos);
    CHECK(held.unseen->detail.find("CAP_SYS_PTRACE") != std::string::npos);
    CHECK_FALSE(find(tree, {{42, 0}}).unseen); // nothing was missed
}

TEST_CASE("no time, no /proc: the gap says so") {
    const Tree tree;
    tree.process("1", "init", {"socket:[42]"});
    const auto late = find(tree, {{42, 0}}, Deadline::min());
    REQUIRE(late.unseen);
    CHECK(late.unseen->detail.starts_with("the time was up"));
    CHECK(kernel::find_holders(tree.root() + "/none", std::vector<WantedSocket>{{42, 0}}, Deadline::max())
              .unseen);
}

TEST_CASE("the running kernel: this process holds its own socket") {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    struct stat status {};
    REQUIRE(::fstat(descriptor, &status) == 0);
    const auto held = kernel::find_holders(
        "/proc", std::vector<WantedSocket>{{static_cast<std::uint32_t>(status.st_ino), ::geteuid()}},
        Deadline::max());
    ::close(descriptor);
    REQUIRE(held.sockets.size() == 1);
    CHECK(held.sockets[0].descriptor == static_cast<std::uint32_t>(descriptor));
    CHECK(held.processes[0].pid == static_cast<std::uint32_t>(::getpid()));
    std::string name; // under valgrind it is not that of the program
    std::getline(std::ifstream("/proc/self/comm"), name);
    CHECK(held.processes[0].command == name);
    CHECK(held.processes[0].file_limit);
}

TEST_CASE("the running kernel: a thread goes on with the socket when the first one has exited") {
    std::array<int, 2> told{};
    REQUIRE(::pipe(told.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        leave_a_socket_to_a_thread(told[1]);
    }
    std::uint32_t inode = 0;
    REQUIRE(::read(told[0], &inode, sizeof inode) == sizeof inode);
    ::close(told[0]);
    ::close(told[1]);
    const std::string directory = "/proc/" + std::to_string(child);
    std::string state;
    for (int tries = 0; tries < 1000 && state != "Z"; ++tries) {
        std::ifstream(directory + "/stat").ignore(4096, ')') >> state;
        ::usleep(1000);
    }
    const auto held =
        kernel::find_holders("/proc", std::vector<WantedSocket>{{inode, ::geteuid()}}, Deadline::max());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(state == "Z");
    REQUIRE(held.sockets.size() == 1);
    CHECK(held.processes[0].pid == static_cast<std::uint32_t>(child));
    CHECK(held.processes[0].uid == ::geteuid());
    CHECK(held.processes[0].command == "leader");
    CHECK(held.processes[0].file_limit);
    CHECK_FALSE(held.unseen);
}

TEST_CASE("the limit of open files") {
    using kernel::Limit;
    const std::string_view row =
        "Max open files            1024                 4096                 files \n";
    CHECK(kernel::file_limit_in(row, Limit::soft) == 1024);
    CHECK(kernel::file_limit_in(row, Limit::hard) == 4096);
    const std::string_view none = "Max open files            unlimited            unlimited   files\n";
    for (const Limit which : {Limit::soft, Limit::hard}) {
        CHECK_FALSE(kernel::file_limit_in(none, which));
        CHECK_FALSE(kernel::file_limit_in("Max open files", which));
        CHECK_FALSE(kernel::file_limit_in("", which));
    }
}

TEST_CASE("the control group of a process") {
    CHECK(kernel::cgroup_in("0::/a.service\n") == "/a.service");
    CHECK(kernel::cgroup_in("9:name=systemd:/a.service\n4:memory:/b\n0::/\n") == "/a.service"); // hybrid
    CHECK(kernel::cgroup_in("9:name=systemd:/a.service\n0::/c.service\n") == "/c.service");
    CHECK(kernel::cgroup_in("9:name=systemd:/\n4:memory:/b\n0::/\n").empty());
    CHECK(kernel::cgroup_in("").empty());
}

TEST_CASE("where the control groups are mounted") {
    const auto modern =
        kernel::cgroup_mount_in("24 30 0:22 / /proc rw - proc proc rw\n"
                                "31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n");
    REQUIRE(modern);
    CHECK(modern->point == "/sys/fs/cgroup");
    CHECK(modern->root == "/");
    const auto odd = kernel::cgroup_mount_in("31 23 0:28 /docker/1f /a\\040b rw - cgroup2 none rw\n");
    REQUIRE(odd);
    CHECK(odd->point == "/a b");
    CHECK(odd->root == "/docker/1f");
    const auto of_the_host =
        kernel::cgroup_mount_in("31 23 0:28 /../../.. /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
    REQUIRE(of_the_host); // in a container
    CHECK(of_the_host->root == "/");
    CHECK_FALSE(kernel::cgroup_mount_in("31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"));
    CHECK_FALSE(kernel::cgroup_mount_in("- cgroup2 x\n31 - cgroup2 \n"));
}

TEST_CASE("the path of a control group by its number") {
    const Tree tree; // its directories have numbers as those of cgroupfs have
    tree.directory("system.slice/nginx.service");
    tree.directory("user.slice/user-1000.slice/session-3.scope");
    tree.file("system.slice/cgroup.procs", "");
    const std::vector<std::uint64_t> numbers = {tree.number("system.slice/nginx.service"),
                                                tree.number("user.slice/user-1000.slice/session-3.scope"),
                                                tree.number("system.slice/cgroup.procs"), 4'000'000'000'000};
    auto paths = kernel::cgroup_paths({tree.root(), "/"}, numbers, Deadline::max());
    CHECK(*paths.at(numbers[0]) == "/system.slice/nginx.service");
    CHECK(*paths.at(numbers[1]) == "/user.slice/user-1000.slice/session-3.scope");
    CHECK(paths.at(numbers[2]).error().why == Why::absent); // a file is no group
    CHECK(paths.at(numbers[3]).error().why == Why::absent);
    paths = kernel::cgroup_paths({tree.root(), "/docker/1f"}, numbers, Deadline::max());
    CHECK(*paths.at(numbers[0]) == "/docker/1f/system.slice/nginx.service");
    paths = kernel::cgroup_paths({tree.root(), "/"}, numbers, Deadline::min());
    CHECK(paths.at(numbers[0]).error().why == Why::failed);
    paths = kernel::cgroup_paths({tree.root() + "/none", "/"}, numbers, Deadline::max());
    CHECK(paths.at(numbers[0]).error().why == Why::failed);
}

TEST_CASE("holders as text and back") {
    snapshot::Holders held;
    held.processes = {{812, 33, "a\n|\x1B\xFF", "/a b.service", 1024, 77}, {813, 0, "", "", {}, {}}};
    held.sockets = {{42, 1, 3}, {43, 0, 4294967295}};
    snapshot::Holders again;
    for (const auto& process : held.processes) {
        CHECK(replay::add_process(std::to_string(process.pid), replay::process_text(process), again));
    }
    CHECK(replay::add_holders(replay::holders_text(held.sockets), again));
    CHECK(again == held);
}

TEST_CASE("holders that lie") {
    const auto process = [](std::string_view pid, std::string_view text) {
        snapshot::Holders into;
        return replay::add_process(pid, text, into);
    };
    using namespace std::string_literals;
    using namespace std::string_view_literals;
    CHECK(process("1", "0\0-\0-\0\0x"sv));
    CHECK_FALSE(process("0", "0\0-\0-\0\0x"sv));
    CHECK_FALSE(process("4294967296", "0\0-\0-\0\0x"sv));
    CHECK_FALSE(process("-1", "0\0-\0-\0\0x"sv));
    CHECK_FALSE(process("1", "-\0-\0-\0\0x"sv));
    CHECK_FALSE(process("1", "4294967296\0-\0-\0\0x"sv));
    CHECK_FALSE(process("1", "0\0-\0-\0x"sv));
    CHECK_FALSE(process("1", "0\0-\0-\0\0x\0y"sv));
    CHECK_FALSE(process("1", "0\0-1\0-\0\0x"sv));
    CHECK_FALSE(process("1", "0\0\0-\0\0x"sv));
    CHECK_FALSE(process("1", "0\0-\0-\0\0"s + std::string(9000, 'x')));
    const auto holders = [](std::string_view text) {
        snapshot::Holders into;
        into.processes.resize(2);
        return replay::add_holders(text, into);
    };
    CHECK(holders("1 0 0\n2 1 0\n"));
    CHECK(holders(""));
    for (const char* text :
         {"1 0 0", "1 0\n", "1 0 0 0\n", "0 0 0\n", "2 0 0\n2 0 0\n", "2 0 0\n1 0 0\n", "1 2 0\n",
          "1 0 4294967296\n", "4294967296 0 0\n", "\n", "a 0 0\n", "1  0 0\n"}) {
        CAPTURE(text);
        CHECK_FALSE(holders(text));
    }
}

namespace {

enum class CgroupId { sent, missing }; // the attribute of sock_diag, since 5.8

/// A machine with 3 CLOSE_WAIT sockets: leaked in a control group, young, and one that waits for accept().
std::unique_ptr<test::Machine> machine_with_close_waits(CgroupId cgroup_id = CgroupId::sent) {
    auto machine = std::make_unique<test::Machine>();
    test::Fields listener;
    listener.state = 10;
    listener.local = "0.0.0.0";
    listener.local_port = 8080;
    listener.inode = 900;
    listener.uid = 33;
    machine->answer(Walk::listeners, {test::socket_message(listener) + test::done()});
    const auto info = [](std::uint32_t least_ms) {
        tcp_info said{};
        said.tcpi_last_ack_recv = least_ms;
        said.tcpi_last_data_recv = least_ms + 1000;
        said.tcpi_last_data_sent = least_ms + 1000;
        test::Bytes bytes;
        test::append(bytes, &said, sizeof said);
        return test::attribute(INET_DIAG_INFO, bytes);
    };
    test::Bytes group;
    const std::uint64_t number = 4711;
    test::append(group, &number, sizeof number);
    const auto close_wait = [&](std::uint32_t inode, std::uint16_t port, std::uint32_t least_ms) {
        test::Fields fields;
        fields.state = 8;
        fields.local_port = port;
        fields.inode = inode;
        fields.uid = inode == 0 ? 0 : 1000;
        fields.cookie = least_ms;
        return test::socket_message(fields, cgroup_id == CgroupId::sent
                                                ? info(least_ms) + test::attribute(21, group)
                                                : info(least_ms));
    };
    const test::Bytes all =
        close_wait(42, 40000, 9000) + close_wait(43, 40001, 100) + close_wait(0, 8080, 7000) + test::done();
    machine->answer(Walk::connections, {all});
    machine->answer(Walk::close_waits, {all});
    machine->held.processes = {{812, 1000, "python3", "", 1024, {}}};
    machine->held.sockets = {{42, 0, 3}};
    machine->held.unseen = base::Gap{"who holds the sockets", Why::denied, "needs more"};
    machine->cgroups.emplace(number, std::string("/system.slice/app.service"));
    return machine;
}

} // namespace

TEST_CASE("what is looked for: old ones, the listener of unaccepted ones, young ones in passing") {
    std::vector<kernel::Target> targets;
    targets.push_back({"this namespace", 42, machine_with_close_waits()});
    auto& machine = static_cast<test::Machine&>(*targets[0].machine);
    snapshot::Host host = kernel::collect(targets);
    CHECK_FALSE(host.namespaces[0].owners);
    kernel::collect({.place = 0, .owners_of_age_ms = 5000}, targets, host);
    REQUIRE(host.namespaces[0].owners);
    REQUIRE(machine.wanted_sockets.size() == 3);
    CHECK(machine.wanted_sockets[0].inode == 42);
    CHECK(machine.wanted_sockets[0].urgency == Urgency::needed);
    CHECK(machine.wanted_sockets[1].urgency == Urgency::in_passing);
    CHECK(machine.wanted_sockets[2].inode == 900);
    CHECK(machine.wanted_sockets[2].uid == 33);
    CHECK(machine.cgroups_asked == std::vector<std::uint64_t>{4711});
    CHECK(*host.namespaces[0].owners->cgroups.at(4711) == "/system.slice/app.service");
    CHECK(host.namespaces[0].gaps.back().detail == "needs more");
}

TEST_CASE("a kernel that tells no control group: processes are looked for all the same") {
    std::vector<kernel::Target> targets;
    targets.push_back({"this namespace", 42, machine_with_close_waits(CgroupId::missing)});
    auto& machine = static_cast<test::Machine&>(*targets[0].machine);
    snapshot::Host host = kernel::collect(targets);
    kernel::collect({.place = 0, .owners_of_age_ms = 5000}, targets, host);
    for (const auto& group : host.namespaces[0].sockets.close_waits()) {
        CHECK_FALSE(group.cgroup);
    }
    CHECK(machine.cgroups_asked.empty());
    CHECK(host.namespaces[0].owners->cgroups.empty());
    CHECK(host.namespaces[0].owners->holders.sockets.size() == 1);
}

TEST_CASE("owners survive a capture; one without them did not collect them") {
    std::vector<kernel::SockDiagTarget> live;
    live.push_back({"this namespace", 42, machine_with_close_waits()});
    replay::Capture capture;
    auto targets = replay::recording(std::move(live), capture);
    snapshot::Host host = kernel::collect(targets);
    const std::string without = replay::to_bytes(capture);
    kernel::collect({.place = 0, .owners_of_age_ms = 5000}, targets, host);
    const std::string bytes = replay::to_bytes(capture);

    const auto replayed = [](const std::string& from) {
        const auto read = replay::parse_capture(from);
        REQUIRE(read);
        CHECK(replay::to_bytes(*read) == from);
        auto again = replay::replaying(*read);
        snapshot::Host seen = kernel::collect(again);
        kernel::collect({.place = 0, .owners_of_age_ms = 5000}, again, seen);
        return *seen.namespaces[0].owners;
    };
    const snapshot::Owners owners = replayed(bytes);
    CHECK(owners.holders == host.namespaces[0].owners->holders);
    CHECK(*owners.cgroups.at(4711) == "/system.slice/app.service");
    const snapshot::Owners none = replayed(without);
    REQUIRE(none.holders.unseen);
    CHECK(none.holders.unseen->why == Why::not_collected);
    CHECK(none.cgroups.at(4711).error().why == Why::not_collected);

    // capture_test.cpp does the same to all other records
    for (std::size_t at = std::min(bytes.find("\ncgroup "), bytes.find("\nholders ")); at < bytes.size();
         ++at) {
        std::string changed = bytes;
        changed[at] = '9';
        if (const auto capture_of_strangers = replay::parse_capture(changed)) {
            auto again = replay::replaying(*capture_of_strangers);
            snapshot::Host seen = kernel::collect(again);
            kernel::collect({.place = 0, .owners_of_age_ms = 0}, again, seen);
        }
    }
}

TEST_CASE("owner records that lie, each with its own message") {
    const std::string place = "tcpadvisor-capture 1\nplace 1 7\nx\n";
    const auto what_of = [&](const std::string& records) {
        const auto capture = replay::parse_capture(place + records);
        return capture ? "" : capture.error().what;
    };
    CHECK(what_of("cgroup 2 x\n/a\n") == "byte 33: a control group without a number");
    CHECK(what_of("cgroup 2 5\n/a\ncgroup 2 5\n/b\n") == "byte 47: a control group comes twice");
    CHECK(what_of("cgroup-gap 2 5\n/a\n") == "byte 33: a gap that makes no sense");
    CHECK(what_of("process 1 5\nx\n") == "byte 33: a process that makes no sense");
    CHECK(what_of("holders 6 \n1 0 0\n\n") == "byte 33: holders that make no sense");
    CHECK(what_of("unseen 1 \nx\n") == "byte 33: a gap that makes no sense");
}

TEST_CASE("a capture keeps the holders of every search, each once") {
    std::vector<kernel::SockDiagTarget> live;
    auto made = std::make_unique<test::Machine>();
    test::Machine& machine = *made;
    live.push_back({"this namespace", 42, std::move(made)});
    replay::Capture capture;
    auto targets = replay::recording(std::move(live), capture);
    const auto process = [](std::uint32_t pid) {
        snapshot::Process one;
        one.pid = pid;
        one.command = "p" + std::to_string(pid);
        return one;
    };
    machine.held = {{process(7), process(8)}, {{100, 0, 3}, {300, 1, 4}}, std::nullopt};
    CHECK(targets[0].machine->holders({}) == machine.held);
    machine.held = {{process(8), process(9)}, {{200, 1, 5}, {300, 0, 4}}, base::Gap{"x", Why::denied, "y"}};
    CHECK(targets[0].machine->holders({}) == machine.held);
    const auto kept = replay::parse_capture(replay::to_bytes(capture));
    REQUIRE(kept);
    const snapshot::Holders all = replay::replaying(*kept)[0].machine->holders({});
    REQUIRE(all.sockets.size() == 3);
    const std::vector<std::pair<std::uint32_t, std::uint32_t>> wanted = {{100, 7}, {200, 9}, {300, 8}};
    for (const auto& [inode, pid] : wanted) {
        const snapshot::Holder* holder = all.find(inode);
        REQUIRE(holder != nullptr);
        CHECK(all.processes[holder->process].pid == pid);
    }
    CHECK(all.processes.size() == 3);
    REQUIRE(all.unseen);
    CHECK(all.unseen->detail == "y");
}
