#include "kernel/collect.h"
#include "replay/recorder.h"
#include "tests/kernel/messages.h"

#include "tests/catch.h"

#include <bit>

using base::Why;
using kernel::Walk;
using replay::Capture;
using snapshot::TcpState;
using test::operator+;

namespace {

std::vector<kernel::SockDiagTarget> one_place() {
    auto machine = std::make_unique<test::Machine>();
    machine->time = 1732287600.123456;
    machine->files.emplace("/proc/sys/kernel/hostname", std::string("web1\n"));
    machine->files.emplace("/proc/sys/net/ipv4/tcp_tw_reuse", std::string("2\n"));
    machine->files.emplace("/proc/sys/net/ipv4/tcp_mem", base::Gap{"a\nb", Why::denied, "Permission denied"});
    machine->directories.emplace("/etc/sysctl.d", std::vector<std::string>{"10-a.conf", "20 b.conf"});
    machine->answer(Walk::listeners, {test::done()});
    machine->answer(Walk::connections, {test::socket_message({}), test::socket_message({}) + test::done()});
    machine->answer(Walk::bound, {test::done()});
    std::vector<kernel::SockDiagTarget> targets;
    targets.push_back({"this namespace", 42, std::move(machine)});
    return targets;
}

std::string recorded() {
    Capture capture;
    auto targets = replay::recording(one_place(), capture);
    snapshot::Host host = kernel::collect(targets);
    kernel::collect({.place = 0, .bound_sockets = true}, targets, host);
    CHECK(targets[0].machine->list("/etc/sysctl.d"));
    return replay::to_bytes(capture);
}

std::string what_of(const std::string& bytes) {
    const auto capture = replay::parse_capture(bytes);
    return capture ? "" : capture.error().what;
}

} // namespace

TEST_CASE("a replay sees what the recording saw") {
    const auto capture = replay::parse_capture(recorded());
    REQUIRE(capture);
    auto targets = replay::replaying(*capture);
    REQUIRE(targets.size() == 1);
    CHECK(targets[0].label == "this namespace");
    CHECK(targets[0].id == 42);
    snapshot::Host host = kernel::collect(targets);
    kernel::collect({.place = 0, .bound_sockets = true}, targets, host);
    CHECK(host.name == "web1");
    CHECK(host.time == Approx(1732287600.123456).epsilon(1e-15));
    const snapshot::Netns& netns = host.namespaces[0];
    CHECK(netns.sockets.count(TcpState::established) == 2);
    CHECK_FALSE(netns.lost_sockets);
    CHECK(*netns.sysctls.integer("net.ipv4.tcp_tw_reuse") == 2);
    CHECK(netns.sysctls.text("net.ipv4.tcp_mem").error().why == Why::denied);
    CHECK(*targets[0].machine->list("/etc/sysctl.d") == std::vector<std::string>{"10-a.conf", "20 b.conf"});
    CHECK(replay::to_bytes(*capture) == recorded()); // nothing is lost on the way
}

TEST_CASE("what a capture does not hold was not collected") {
    const auto capture = replay::parse_capture(recorded());
    REQUIRE(capture);
    auto targets = replay::replaying(*capture);
    kernel::Machine& machine = *targets[0].machine;
    CHECK(machine.read("/etc/passwd").error().why == Why::not_collected);
    CHECK(machine.list("/etc").error().why == Why::not_collected);
    const auto walked = machine.sockets({Walk::explicit_binds}, [](std::span<const snapshot::Socket>) {});
    CHECK(walked.outcome.error().why == Why::not_collected);
}

TEST_CASE("a question about some remote ends is answered by a dump about more of them") {
    const auto end = [](const char* address, std::uint16_t port) {
        return snapshot::EndPoint{*snapshot::Address::parse(address), port};
    };
    const std::vector both = {end("192.0.2.7", 443), end("2001:db8::7", 80)};
    CHECK(kernel::peers_of(kernel::request_for({Walk::peers, both})) == both);
    CHECK(kernel::peers_of(kernel::request_for({Walk::explicit_binds})).empty());
    CHECK(kernel::peers_of({}).empty());
    Capture capture;
    auto live = one_place();
    static_cast<test::Machine&>(*live[0].machine).dumps[kernel::request_for({Walk::peers, both})] = {
        test::done()};
    const auto targets = replay::recording(std::move(live), capture);
    const auto sink = [](std::span<const snapshot::Socket>) {};
    CHECK(targets[0].machine->sockets({Walk::peers, both}, sink).outcome);
    auto replayed = replay::replaying(capture);
    const auto asked = [&](const snapshot::EndPoint& remote) {
        const std::vector remotes = {remote};
        return replayed[0].machine->sockets({Walk::peers, remotes}, sink).outcome.has_value();
    };
    CHECK(asked(both[0]));
    CHECK(asked(both[1]));
    CHECK_FALSE(asked(end("192.0.2.7", 444)));
    CHECK_FALSE(asked(end("192.0.2.8", 443)));
}

TEST_CASE("the holders of several questions are kept together") {
    Capture capture;
    auto live = one_place();
    auto& machine = static_cast<test::Machine&>(*live[0].machine);
    auto targets = replay::recording(std::move(live), capture);
    machine.held.processes = {{7, 0, "a", "", {}, {}}, {8, 0, "b", "", {}, {}}};
    machine.held.sockets = {{20, 0, 3}, {30, 1, 4}};
    targets[0].machine->holders({});
    machine.held.processes = {{8, 0, "b", "", {}, {}}, {9, 0, "c", "", {}, {}}};
    machine.held.sockets = {{10, 1, 5}, {30, 0, 4}};
    targets[0].machine->holders({});
    const auto again = replay::parse_capture(replay::to_bytes(capture));
    REQUIRE(again);
    const auto holders = replay::replaying(*again)[0].machine->holders({});
    CHECK(holders.processes.size() == 3);
    REQUIRE(holders.sockets.size() == 3);
    CHECK(holders.processes[holders.find(10)->process].command == "c");
    CHECK(holders.processes[holders.find(20)->process].command == "a");
    CHECK(holders.processes[holders.find(30)->process].command == "b");
}

TEST_CASE("a dump that ended with a gap ends with it again") {
    auto live = one_place();
    auto& machine = static_cast<test::Machine&>(*live[0].machine);
    machine.answer(Walk::connections, {test::socket_message({})});
    machine.dump_gaps.emplace(kernel::request_for({Walk::connections}),
                              base::Gap{"t", Why::failed, "the time was up"});
    Capture capture;
    auto targets = replay::recording(std::move(live), capture);
    kernel::collect(targets);
    const auto again = replay::parse_capture(replay::to_bytes(capture));
    REQUIRE(again);
    auto replayed = replay::replaying(*again);
    CHECK(kernel::collect(replayed).namespaces[0].lost_sockets->detail == "the time was up");
}

TEST_CASE("a capture cut at every byte is refused", "[exhaustive]") {
    const std::string whole = recorded();
    CHECK(what_of(whole).empty());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CHECK_FALSE(replay::parse_capture(whole.substr(0, length)));
    }
    CHECK(what_of(whole + "x") ==
          "byte " + std::to_string(whole.size()) + ": something follows the end of the capture");
}

TEST_CASE("a capture with any byte changed is refused or read, but never trusted", "[exhaustive]") {
    const std::string whole = recorded();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char c : {'9', '\xFF'}) {
            std::string changed = whole;
            changed[at] = c;
            const auto capture = replay::parse_capture(changed);
            if (capture) {
                auto targets = replay::replaying(*capture);
                kernel::collect(targets);
            }
        }
    }
}

TEST_CASE("a place that holds nothing is refused: each costs far more than its record") {
    const std::string start = "tcpadvisor-capture 1\nbyte-order 13 \nlittle-endian\nplace 1 7\nx\n";
    const auto wrong = replay::parse_capture(start + "place 1 8\ny\nend 0 \n\n");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().what.find("a place that holds nothing") != std::string::npos);
    CHECK_FALSE(replay::parse_capture(start + "end 0 \n\n"));
    CHECK(replay::parse_capture(start + "time 3 \n1.5\nend 0 \n\n"));
}

TEST_CASE("captures that lie, each with its own message") {
    const std::string head = "tcpadvisor-capture 1\n";
    const std::string place = head + "place 1 7\nx\n";
    CHECK(what_of("") == "not a capture: it does not start with 'tcpadvisor-capture 1'");
    CHECK(what_of("\x7F"
                  "ELF") == "not a capture: it does not start with 'tcpadvisor-capture 1'");
    CHECK(what_of("tcpadvisor-capture 2\n") == "a capture of another version: tcpadvisor-capture 2");
    CHECK(what_of(head) == "byte 21: the file is cut short");
    CHECK(what_of(head + "byte-order 10 \nbig-endian\n")
              .starts_with("byte 21: netlink messages of a big-endian machine; this one is ") ==
          (std::endian::native == std::endian::little));
    CHECK(what_of(place + "route 1 10.0.0.1\nx\n") == "byte 33: a route that is no pair of addresses");
    CHECK(what_of(head + "end 0 \n\n") == "byte 29: the capture holds no network namespace");
    CHECK(what_of(place + "end 0 \n\n") ==
          "byte 41: the capture does not tell the byte order of its machine");
    CHECK(what_of(head + "file 1 /x\nx\n") == "byte 21: the first record is no place");
    CHECK(what_of(place + "file 18446744073709551615 /x\nx\n") ==
          "byte 33: a record of 18446744073709551615 bytes, but the file ends after 2");
    CHECK(what_of(place + "file 99999999999999999999 /x\nx\n") ==
          "byte 33: 'file 99999999999999999999 /x' is no record");
    CHECK(what_of(place + "file -1 /x\nx\n") == "byte 33: 'file -1 /x' is no record");
    CHECK(what_of(place + "file 1 /x\nxyz\n") == "byte 33: the length of the record is wrong");
    CHECK(what_of(place + "file 1 /x\nx\nfile 1 /x\nx\n") == "byte 45: '/x' comes twice");
    CHECK(what_of(place + "fire 1 /x\nx\n") == "byte 33: unknown record 'fire'");
    CHECK(what_of(place + "file-gap 1 /x\nx\n") == "byte 33: a gap that makes no sense");
    CHECK(what_of(place + "time 1 \nx\n") == "byte 33: a time that is no number");
    CHECK(what_of(place + "frame 1 \nx\n") == "byte 33: a part of a dump outside of a dump");
    CHECK(what_of(place + "dump 0 0\n\n") == "byte 33: a dump whose request is not hexadecimal");
    CHECK(what_of(place + "dump 0 00\n\nfile 1 /x\nx\n") == "byte 44: a dump without an end");
    CHECK(what_of(place + "dump 0 00\n\ndump-gap 1 \nx\n") == "byte 44: a gap that makes no sense");
    CHECK(what_of(place + "dump 0 00\n\ndump-end 0 \n\ndump 0 00\n\n") ==
          "byte 57: the same dump comes twice");
    CHECK(what_of(place + std::string(9000, 'x')) == "byte 33: no record of a capture starts here");
}
