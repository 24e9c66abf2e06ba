#include "kernel/collect.h"
#include "kernel/conntrack.h"
#include "replay/mask.h"
#include "replay/mask_sockets.h"
#include "replay/pseudonyms.h"
#include "replay/recorder.h"
#include "tests/kernel/conntrack_messages.h"
#include "tests/kernel/messages.h"
#include "tests/replay/foreign_texts.h"

#include "base/text.h"

#include "tests/catch.h"

using kernel::Walk;
using snapshot::Address;
using snapshot::TcpState;
using test::operator+;

namespace {

Address address(const char* text) {
    return *Address::parse(text);
}

snapshot::EndPoint busy_remote() {
    return {address("192.0.2.77"), 443};
}

/// What must not be found in a masked capture, as text or as bytes.
const std::vector<std::string> secrets = {"web1.acme",      "billing",
                                          "acme-agent",     "60-acme",
                                          "10.11.12.13",    std::string("\x0A\x0B\x0C\x0D", 4),
                                          "192.0.2.77",     std::string("\xC0\x00\x02\x4D", 4),
                                          "4D0200C0",       "0D0C0B0A",
                                          "2001:db8:aa::1", std::string("\x20\x01\x0D\xB8\x00\xAA", 6),
                                          "acme-ns",        "hunter2",
                                          "8a6f1c3e",       "acme/secret"};

snapshot::Holders acme_holders() {
    snapshot::Holders holders;
    snapshot::Process process;
    process.pid = 7;
    process.command = "acme-agent";
    process.cgroup = "/system.slice/billing.service";
    holders.processes.push_back(process);
    holders.sockets.push_back({11, 0, 3});
    return holders;
}

std::unique_ptr<test::Machine> acme_machine() {
    auto machine = std::make_unique<test::Machine>();
    machine->files.emplace("/proc/sys/kernel/hostname", std::string("web1.acme\n"));
    machine->files.emplace("/proc/sys/kernel/osrelease", std::string("6.18.5-acme1\n"));
    machine->files.emplace("/proc/sys/kernel/random/boot_id",
                           std::string("8a6f1c3e-0000-4000-8000-123456789abc\n"));
    machine->files.emplace("/proc/sys/net/ipv4/tcp_tw_reuse", std::string("2\n"));
    machine->files.emplace("/proc/sys/net/ipv4/tcp_max_orphans", std::string("4096\n"));
    machine->files.emplace("/etc/sysctl.d/60-acme.conf",
                           std::string("# acme/secret\nnet.ipv4.tcp_tw_reuse = 1\nkernel.acme = billing\n"));
    machine->files.emplace("/etc/sysctl.d/90-z.conf", std::string("net.ipv4.tcp_tw_reuse = 0\n"));
    machine->directories.emplace("/etc/sysctl.d", std::vector<std::string>{"60-acme.conf", "90-z.conf"});
    const test::Fields out{.local = "10.11.12.13", .remote = "192.0.2.77", .cookie = 5};
    const test::Fields stuck{.state = 8,
                             .local = "10.11.12.13",
                             .remote = "192.0.2.77",
                             .local_port = 40001,
                             .cookie = 6,
                             .uid = 1000,
                             .inode = 11};
    const test::Fields v6{.family = AF_INET6, .local = "2001:db8:aa::1", .remote = "::1", .cookie = 7};
    test::Bytes key(100, std::byte{0});
    std::memcpy(key.data(), "hunter2", 7);
    const auto secret = test::attribute(18, key);
    machine->answer(Walk::listeners, {test::done()});
    machine->answer(Walk::connections, {test::socket_message(out, secret) + test::socket_message(stuck),
                                        test::socket_message(v6) + test::done()});
    machine->answer(Walk::close_waits, {test::socket_message(stuck) + test::done()});
    machine->dumps[kernel::request_for({Walk::peers, std::vector{busy_remote()}})] = {
        test::socket_message(out) + test::done()};
    machine->held = acme_holders();
    machine->time = 1732287600;
    return machine;
}

replay::Capture recorded_acme() {
    replay::Capture capture;
    std::vector<kernel::SockDiagTarget> live;
    live.push_back({"acme-ns", 42, acme_machine()});
    auto targets = replay::recording(std::move(live), capture);
    snapshot::Host host = kernel::collect(targets);
    kernel::collect({.peers = {busy_remote()}, .boot_sysctls = true, .owners_of_age_ms = 0}, targets, host);
    return capture;
}

snapshot::Host replayed(const replay::Capture& capture) {
    auto targets = replay::replaying(capture);
    snapshot::Host host = kernel::collect(targets);
    const snapshot::FlowTable& flows = host.namespaces[0].sockets.flows();
    kernel::collect({.peers = {{flows[0].remote, 443}}, .boot_sysctls = true, .owners_of_age_ms = 0}, targets,
                    host);
    return host;
}

} // namespace

TEST_CASE("a capture holds no keys of TCP MD5 signatures, masked or not") {
    CHECK(replay::to_bytes(recorded_acme()).find("hunter2") == std::string::npos);
    CHECK(replay::to_bytes(recorded_acme()).find("acme-agent") != std::string::npos);
}

TEST_CASE("nothing of the original is left in a masked capture") {
    replay::Capture capture = recorded_acme();
    replay::mask(capture);
    const std::string bytes = replay::to_bytes(capture);
    for (const std::string& secret : secrets) {
        INFO(base::printable(secret));
        CHECK(bytes.find(secret) == std::string::npos);
    }
    CHECK(replay::parse_capture(bytes));
}

TEST_CASE("a masked capture tells the same but for the names") {
    const replay::Capture plain = recorded_acme();
    replay::Capture capture = recorded_acme();
    replay::mask(capture);
    const snapshot::Host before = replayed(plain);
    const snapshot::Host after = replayed(capture);
    const snapshot::Netns& was = before.namespaces[0];
    const snapshot::Netns& is = after.namespaces[0];
    CHECK(after.name == "host-1");
    CHECK(after.kernel == "6.18.5");
    CHECK(after.boot_id.size() == before.boot_id.size());
    CHECK(is.label == "netns-1");
    CHECK(is.sockets.counts(snapshot::Family::ipv4) == was.sockets.counts(snapshot::Family::ipv4));
    CHECK(is.sockets.counts(snapshot::Family::ipv6) == was.sockets.counts(snapshot::Family::ipv6));
    CHECK(is.sockets.flows().size() == was.sockets.flows().size());
    CHECK_FALSE(is.lost_sockets);
    REQUIRE(is.peers.size() == 1);
    CHECK(is.peers[0].sockets.size() == was.peers[0].sockets.size());
    CHECK(is.boot_sysctls->values.at("net.ipv4.tcp_tw_reuse").value == "0"); // the last file still wins
    CHECK(is.boot_sysctls->values.at("net.ipv4.tcp_tw_reuse").origin == "/etc/sysctl.d/00002.conf:1");
    REQUIRE(is.owners);
    CHECK(is.owners->holders.processes[0].command == "process-1");
    CHECK(is.owners->holders.processes[0].cgroup == "/system.slice/name-1.service");
}

TEST_CASE("addresses keep their class, and the same stays the same") {
    replay::Pseudonyms names;
    for (const char* text : {"0.0.0.0", "255.255.255.255", "127.0.0.1", "::", "::1"}) {
        CHECK(names.of(address(text)) == address(text));
    }
    CHECK(names.of(address("127.0.0.53")).is_loopback());
    CHECK(names.of(address("127.0.0.53")) != address("127.0.0.53"));
    CHECK(names.of(address("fe80::1")).is_link_local());
    CHECK(names.of(address("169.254.1.1")).to_text().starts_with("169.254."));
    CHECK(names.of(address("192.168.0.1")).to_text().starts_with("10."));
    CHECK(names.of(address("172.16.0.1")).to_text().starts_with("10."));
    CHECK(names.of(address("8.8.8.8")).to_text().starts_with("240."));
    CHECK(names.of(address("2a00::1")).to_text().starts_with("2001:db8:"));
    CHECK(names.of(address("fd12::1")).to_text().starts_with("fd"));
    CHECK(names.of(address("ff02::fb")).to_text().starts_with("ff02:"));
    CHECK(names.of(address("::ffff:8.8.8.8")) == names.of(address("8.8.8.8")));
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i) {
        const std::uint8_t bytes[4] = {10, 0, static_cast<std::uint8_t>(i >> 8),
                                       static_cast<std::uint8_t>(i)};
        names.reserve(Address::v4(bytes));
    }
    for (int i = 0; i < 2000; ++i) {
        const std::uint8_t bytes[4] = {10, 0, static_cast<std::uint8_t>(i >> 8),
                                       static_cast<std::uint8_t>(i)};
        const Address other = names.of(Address::v4(bytes));
        CHECK(other == names.of(Address::v4(bytes)));
        CHECK(seen.insert(other.to_text()).second);
        CHECK_FALSE((other.bytes()[13] == 0 && other.bytes()[14] < 7)); // none is another's original
    }
}

TEST_CASE("control groups keep what tells units and containers") {
    replay::Pseudonyms names;
    const auto masked = [&](std::string_view path) { return replay::masked_cgroup(path, names); };
    CHECK(masked("/system.slice/billing.service") == "/system.slice/name-1.service");
    CHECK(masked("/system.slice/billing.service/worker") == "/system.slice/name-1.service/name-2");
    CHECK(masked("/user.slice/user-1000.slice/session-3.scope") ==
          "/user.slice/user-1000.slice/session-3.scope");
    CHECK(masked("/user.slice/user-1000.slice/user@1000.service/app.slice/acme.service") ==
          "/user.slice/user-1000.slice/user@1000.service/app.slice/name-3.service");
    CHECK(masked("/machine.slice/systemd-nspawn@acme.service/payload") ==
          "/machine.slice/systemd-nspawn@name-3.service/payload");
    const std::string id(64, 'a');
    const std::string docker = masked("/system.slice/docker-" + id + ".scope");
    CHECK(docker.size() == ("/system.slice/docker-" + id + ".scope").size());
    CHECK(docker.starts_with("/system.slice/docker-"));
    CHECK(docker.find(id) == std::string::npos);
    CHECK(masked("/docker/" + id).substr(8) == docker.substr(21, 64)); // the same container
    const std::string pod =
        masked("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + std::string(8, 'b') +
               "_1234_1234_1234_" + std::string(12, 'c') + ".slice");
    CHECK(pod.starts_with("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"));
    CHECK(pod.find("bbbbbbbb") == std::string::npos);
}

TEST_CASE("of sysctl.d only known assignments stay") {
    replay::Pseudonyms names;
    const auto masked_file = [&](std::string_view text) {
        return replay::masked_sysctl_file(text, names, {"net.ipv4.tcp_of_this_kernel"});
    };
    CHECK(masked_file("# acme\n\nnet.ipv4.tcp_tw_reuse = 1\nnet/ipv4/tcp_mem=1 2 3\n"
                      "net.ipv4.tcp_tw_reuse = acme\nkernel.x=1\n-net.ipv4.tcp_rfc1337\nacme\n") ==
          "# masked\n\nnet.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_mem = 1 2 3\nnet.ipv4.tcp_tw_reuse = masked\n"
          "# masked\n-net.ipv4.tcp_rfc1337\nmasked\n");
    // what a rule would say of it is the same
    CHECK(masked_file("-net/ipv4/tcp_fin_timeout = 0x1e # acme") == "-net.ipv4.tcp_fin_timeout = 30");
    CHECK(masked_file("net.ipv4.tcp_tw_resue = acme") == "net.ipv4.tcp_name_1 = masked");
    CHECK(masked_file("net.ipv4.tcp_acme = 4711\n-net.ipv4.tcp_acme = 1") ==
          "net.ipv4.tcp_name_2 = masked\n# masked");
    CHECK(masked_file("net.ipv4.tcp_of_this_kernel = 7") == "net.ipv4.tcp_of_this_kernel = 7");
    CHECK(masked_file("net.ipv4.tcp_ACME = 1\nnet.ipv4.tcp_acme[a] = 1") == "# masked\n# masked");
    CHECK(masked_file("net.ipv4.tcp_syn* = 3\nnet.ipv4.tcp_*acme = 1\n= acme") ==
          "net.ipv4.tcp_syn* = 3\n# masked\nmasked");
}

TEST_CASE("the table of /proc/net/tcp with other addresses") {
    const auto other = [](const Address& real) {
        return real.is_wildcard() ? real : *Address::parse("240.1.2.3");
    };
    const std::string text = replay::replace_in_proc_table(test::proc_tcp, other);
    CHECK(text.size() == test::proc_tcp.size());
    CHECK(text.find("0100090A") == std::string::npos);
    CHECK(text.find("030201F0:1F90 00000000:0000 0A") != std::string::npos);
    CHECK(replay::replace_in_proc_table("secret\n", other) == "?\n");
}

TEST_CASE("frames of any bytes keep their length and lose what is no message") {
    const auto other = [](const Address&) { return Address(); };
    std::string frame(64, 'x');
    replay::replace_addresses(frame, other);
    CHECK(frame == std::string(64, '\0'));
    const test::Bytes message = test::socket_message({}, test::attribute(18, test::Bytes(8, std::byte{'k'})));
    const void* data = message.data();
    const std::string whole(static_cast<const char*>(data), message.size());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char c : {'\0', '\x7F', '\xFF'}) {
            std::string changed = whole;
            changed[at] = c;
            replay::replace_addresses(changed, other);
            replay::forget_keys(changed);
            replay::replace_addresses_in_request(changed, other);
            CHECK(changed.size() == whole.size());
        }
        std::string cut = whole.substr(0, at);
        replay::replace_addresses(cut, other);
        CHECK(cut.size() == at);
    }
}

TEST_CASE("a masked entry of conntrack tells the same of other addresses") {
    const auto message = test::conntrack_entry();
    const auto map = [](const snapshot::Address& real) {
        return *snapshot::Address::parse(real.to_text() == "192.0.2.9" ? "198.51.100.9" : "198.51.100.7");
    };
    std::string frame(static_cast<const char*>(static_cast<const void*>(message.data())), message.size());
    replay::replace_addresses(frame, map);
    std::vector<snapshot::NatEntry> entries;
    kernel::NatReader reader([&](const snapshot::NatEntry& entry) { entries.push_back(entry); });
    std::vector<std::byte> masked(frame.size()); // aligned for netlink
    std::memcpy(masked.data(), frame.data(), frame.size());
    CHECK(reader.read(masked));
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].client.address.to_text() == "198.51.100.7");
    CHECK(entries[0].nat.address.to_text() == "198.51.100.7");
    CHECK(entries[0].nat.port == 40007);
    CHECK(entries[0].remote.address.to_text() == "198.51.100.9");
    for (const char* secret : {"\x0a\x00\x00\x07", "\xc0\x00\x02\x09", "\xcb\x00\x71\x01"}) {
        CHECK(frame.find(std::string(secret, 4)) == std::string::npos);
    }
}
