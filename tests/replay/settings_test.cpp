#include "kernel/collect.h"
#include "kernel/sysctl_history.h"
#include "replay/settings.h"
#include "replay/settings_text.h"
#include "replay/yaml_settings.h"
#include "tests/catch.h"
#include "tests/scratch.h"

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

using replay::SettingsText;

namespace {

/// "name = value @line" of each.
std::vector<std::string> settings_in(const std::string& content, std::string_view name = "x.conf") {
    const auto settings = replay::read_settings(content, name);
    if (!settings) {
        return {settings.error().what};
    }
    std::vector<std::string> texts;
    for (const replay::SettingLine& line : settings->lines) {
        texts.push_back(fmt::format("{} @{}", line.text, line.line));
    }
    return texts;
}

using Texts = std::vector<std::string>;

bool reads_yaml() {
    return replay::read_yaml_settings("a: b").has_value();
}

/// The snapshot of one configuration, as a boot with it would leave it.
snapshot::Netns booted(const std::string& path, const std::string& kernel = "") {
    auto settings = replay::open_settings({path}, std::nullopt, kernel);
    if (!settings) {
        FAIL(settings.error().what);
    }
    REQUIRE(settings->targets.size() == 1);
    snapshot::Host host = kernel::collect(settings->targets, [](const snapshot::Host& seen, std::size_t) {
        snapshot::Request request;
        request.boot_sysctls = true;
        return seen.namespaces.front().boot_sysctls ? std::nullopt : std::optional(request);
    });
    return std::move(host.namespaces.front());
}

std::string text_of(const snapshot::Netns& netns, std::string_view name) {
    const auto text = netns.sysctls.text(name);
    return text ? *text : std::string(base::name(text.error().why));
}

} // namespace

TEST_CASE("a file of sysctls is read as a boot reads it, whoever wrote it") {
    CHECK(settings_in("# x\nnet.core.somaxconn=1\r\n\n; y\nno sign\n") ==
          Texts{"net.core.somaxconn = 1 @2", "no sign @5"});
    CHECK(settings_in("\xEF\xBB\xBFvm.swappiness = 1\n") == Texts{"vm.swappiness = 1 @1"});
    CHECK(settings_in(std::string("\xFF\xFE") + std::string("a\0=\0"
                                                            "1\0\n\0",
                                                            8)) == Texts{"a = 1 @1"});
    CHECK(settings_in(std::string("a\0b", 3)) == Texts{"no text"});
    CHECK(settings_in("[main]\nsummary=x\nnet.core.a=1\n[sysctl]\nenabled=true\n"
                      "net.core.somaxconn=>2048\nnet.ipv4.b=\"1 2\"\n[x]\nnet.core.c=1\n") ==
          Texts{"net.core.somaxconn = 2048 @6", "net.ipv4.b = 1 2 @7"});
}

TEST_CASE("a setting stands on a line that the file has, whatever ends a line for YAML") {
    if (!reads_yaml()) {
        return;
    }
    for (const char* end : {"\n", "\r\n", "\r", "\u0085", "\u2028"}) {
        const auto settings =
            replay::read_settings(std::string("a: b") + end + "net.core.somaxconn: 1", "x.yml");
        REQUIRE(settings);
        REQUIRE(settings->lines.size() == 1);
        REQUIRE(settings->lines.front().line == 2);
        REQUIRE(settings->as_written.size() == 2);
        CHECK(settings->as_written[1] == "net.core.somaxconn: 1");
    }
}

TEST_CASE("what a template fills in is marked, and what a profile includes is named") {
    const auto tuned =
        replay::read_settings("[main]\ninclude=base, -other\n[sysctl]\nnet.core.somaxconn=${n}\n", "");
    REQUIRE(tuned);
    REQUIRE(tuned->lines.size() == 1);
    CHECK(tuned->lines.front().is_variable);
    CHECK(tuned->profiles == Texts{"base", "other"});
}

TEST_CASE("a value that is filled in later is not known, whatever stands before it", "[openat2]") {
    const tests::Scratch scratch;
    std::filesystem::create_directories(scratch.path() + "/sysctl.d");
    scratch.write("sysctl.d/1.conf", "net.ipv4.tcp_timestamps = 0\nnet.ipv4.tcp_tw_reuse = {{ reuse }}\n"
                                     "net.ipv4.tcp_retries* = 3\nnet.core.somaxconn = 100\n");
    scratch.write("sysctl.d/2.conf",
                  "net/ipv4/tcp_timestamps = ${x}\n-net.ipv4.tcp_retries2 = <%= x %>\n"
                  "net.ipv4.tcp_tw_reuse = 1\n-net.core.somaxconn = @n@\n-net.ipv4.tcp_syncookies=$y\n");
    const snapshot::Netns netns = booted(scratch.path() + "/sysctl.d");
    CHECK(text_of(netns, "net.ipv4.tcp_timestamps") == "not collected");
    CHECK(text_of(netns, "net.ipv4.tcp_retries2") == "not collected");
    CHECK(text_of(netns, "net.core.somaxconn") == "not collected");
    CHECK(text_of(netns, "net.ipv4.tcp_syncookies") == "not collected");
    CHECK(text_of(netns, "net.ipv4.tcp_tw_reuse") == "1"); // a later line has a value
    REQUIRE(netns.boot_sysctls);
    CHECK_FALSE(netns.boot_sysctls->values.contains("net.ipv4.tcp_timestamps"));
    CHECK_FALSE(netns.boot_sysctls->values.contains("net.ipv4.tcp_retries2"));
    CHECK(netns.boot_sysctls->no_assignments == 0);
    const auto told = netns.sysctls.text("net.ipv4.tcp_timestamps").error();
    CHECK(told.detail == scratch.path() + "/sysctl.d/2.conf:1 gives it a variable");
}

TEST_CASE("what people write behind a value makes no variable of it") {
    CHECK_FALSE(replay::is_variable("0 # ask ops@example.org, costs $5"));
    CHECK_FALSE(replay::is_variable("|/bin/core@home"));
    CHECK(replay::is_variable("@syncookies@"));
    CHECK(replay::is_variable("${x} # 1"));
}

TEST_CASE("a profile wins over what it includes, and what is not there may set anything else") {
    const tests::Scratch scratch;
    for (const char* directory : {"base", "web", "shop"}) {
        std::filesystem::create_directories(scratch.path() + "/" + directory);
    }
    scratch.write("base/tuned.conf", "[sysctl]\nnet.core.somaxconn=1000\nnet.ipv4.tcp_timestamps=0\n");
    scratch.write("web/tuned.conf", "[main]\ninclude=base\n[sysctl]\nnet.core.somaxconn=2000\n");
    scratch.write("shop/tuned.conf", "[main]\ninclude=web,none\n[sysctl]\nnet.ipv4.tcp_retries2=8\n");
    const snapshot::Netns web = booted(scratch.path() + "/web/tuned.conf");
    CHECK(text_of(web, "net.core.somaxconn") == "2000");
    CHECK(text_of(web, "net.ipv4.tcp_timestamps") == "0");
    CHECK(text_of(web, "net.ipv4.tcp_fin_timeout") == "60");
    CHECK(web.boot_sysctls->outvoted.empty());
    const snapshot::Netns shop = booted(scratch.path() + "/shop/tuned.conf");
    CHECK(text_of(shop, "net.core.somaxconn") == "2000");
    CHECK(text_of(shop, "net.ipv4.tcp_retries2") == "8");
    CHECK(text_of(shop, "net.ipv4.tcp_fin_timeout") == "not collected");
    scratch.write("base/tuned.conf", "[main]\ninclude=web\n[sysctl]\nnet.core.somaxconn=1000\n");
    CHECK(text_of(booted(scratch.path() + "/web/tuned.conf"), "net.core.somaxconn") == "2000"); // in a circle
}

TEST_CASE("of a dump only what it holds is known, and its complaints are none of it") {
    const auto dump =
        replay::read_settings("kernel.osrelease = 5.14.0-1.el9\nsysctl: permission denied on key 'x'\n"
                              "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.nobody_knows = 1\n",
                              "");
    REQUIRE(dump);
    CHECK(dump->is_dump);
    CHECK(dump->kernel == "5.14.0-1.el9");
    REQUIRE(dump->lines.size() == 1);
    CHECK(dump->lines.front().line == 3);
}

TEST_CASE("YAML is searched for sysctls, and nothing in it is expanded") {
    if (!reads_yaml()) {
        CHECK(settings_in("a: b", "x.yml").front().find("without libyaml") != std::string::npos);
        return;
    }
    CHECK(settings_in("sysctl:\n  net.ipv4.a: 1\n  vm/b: '2'\n  net: 3\n", "x.yml") ==
          Texts{"net.ipv4.a = 1 @2", "vm/b = 2 @3"});
    CHECK(settings_in(
              "spec:\n  sysctls:\n  - name: net.core.x\n    value: \"1 2\"\n  - {name: web, value: 3}\n",
              "x.yaml") == Texts{"net.core.x = 1 2 @4"});
    CHECK(settings_in("- sysctl:\n    name: net.core.x\n    value: 1\n    state: absent\n- vm.a: 1\n",
                      "x.yml") == Texts{"vm.a = 1 @5"});
    CHECK(settings_in(R"({"a":[{"name":"net.core.x","value":"7"}]})", "x.json") ==
          Texts{"net.core.x = 7 @1"});
    CHECK(settings_in("---\ndata:\n  x.conf: |\n    # a\n    net.core.x = 1\n", "x") ==
          Texts{"net.core.x = 1 @5"});
    CHECK(settings_in("a: &x {net.core.x: 1}\nb: [*x, *x, *x]\n", "x.yml") == Texts{"net.core.x = 1 @1"});
    CHECK(settings_in("a: 1\n", "x.yml") == Texts{"no sysctl is set in it"});
    CHECK(settings_in("a: [1\n", "x.yml").front().find("line 2: no YAML") == 0);
    CHECK(settings_in(std::string(300, '[') + "\n", "x.yml").front().find("nested deeper") !=
          std::string::npos);
}

TEST_CASE("a kernel of some release has its own names, defaults and bounds") {
    using kernel::Release;
    CHECK(kernel::parse_release("5.14.0-427.el9.x86_64") == Release{5, 14});
    CHECK(kernel::parse_release("4.9-rc1") == Release{4, 9});
    CHECK_FALSE(kernel::parse_release("5"));
    CHECK_FALSE(kernel::parse_release("x.y"));
    CHECK_FALSE(kernel::parse_release("1.2"));
    const auto& reuse = *snapshot::find_sysctl("net.ipv4.tcp_tw_reuse");
    CHECK(kernel::default_of(reuse, {4, 18}) == "0");
    CHECK(kernel::default_of(reuse, {4, 19}) == "2");
    CHECK_FALSE(kernel::default_of(*snapshot::find_sysctl("net.ipv4.tcp_mem"), {6, 1}));
    CHECK(kernel::has_sysctl(*snapshot::find_sysctl("net.ipv4.tcp_tw_recycle"), {4, 11}));
    CHECK_FALSE(kernel::has_sysctl(*snapshot::find_sysctl("net.ipv4.tcp_tw_recycle"), {4, 12}));
    const auto& retries = *snapshot::find_sysctl("net.ipv4.tcp_retries2");
    CHECK(kernel::in_bounds(retries, "255", {6, 1}));
    CHECK_FALSE(kernel::in_bounds(retries, "256", {6, 1}));
    CHECK(kernel::in_bounds(retries, "256", {4, 18}));
}

TEST_CASE("every sysctl of the program that lies in a listed directory is in the list") {
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        const std::string name(info.name);
        const std::size_t dot = name.rfind('.');
        const std::string directory = name.substr(0, dot) == "net.core" ? "net/core" : "net/ipv4";
        if (name.starts_with("net.ipv4.") || name.starts_with("net.core.")) {
            INFO(name);
            const bool is_gone = name == "net.ipv4.tcp_tw_recycle";
            const auto names =
                *kernel::sysctls_in(directory, is_gone ? kernel::Release{4, 0} : kernel::newest_release);
            CHECK(std::find(names.begin(), names.end(), name.substr(dot + 1)) != names.end());
        }
    }
}

TEST_CASE("a machine of files has what a boot with them would set, else what its kernel begins with") {
    const tests::Scratch scratch;
    scratch.write("x.conf",
                  "net.ipv4.tcp_fin_timeout = 5\nnet.ipv4.tcp_retries2 = 300\nnet.ipv4.tcp_migrate_req = 1\n"
                  "net.ipv4.no_such = 1\nvm.swappiness = 1\nsysctl -w net.core.somaxconn=1\n");
    const std::string path = scratch.path() + "/x.conf";
    const snapshot::Netns netns = booted(path, "4.4");
    CHECK(text_of(netns, "net.ipv4.tcp_fin_timeout") == "5");
    CHECK(text_of(netns, "net.ipv4.tcp_retries2") == "300"); // before 5.13
    CHECK(text_of(netns, "net.core.somaxconn") == "128");
    CHECK(text_of(netns, "net.ipv4.tcp_migrate_req") == "absent");
    CHECK(text_of(netns, "net.ipv4.tcp_mem") == "not collected");
    REQUIRE(netns.boot_sysctls);
    CHECK(netns.boot_sysctls->dead.size() == 1);
    CHECK(netns.boot_sysctls->dead.at("net.ipv4.no_such").origin == path + ":4");
    CHECK(netns.boot_sysctls->no_assignment_lines == Texts{path + ":6"});

    const snapshot::Netns newest = booted(path);
    CHECK(text_of(newest, "net.ipv4.tcp_retries2") == "15");
    CHECK(newest.boot_sysctls->refused.contains("net.ipv4.tcp_retries2"));
    CHECK(newest.sockets.count(snapshot::TcpState::listen) == 0);
    REQUIRE(newest.lost_sockets);
    CHECK(newest.lost_sockets->why == base::Why::absent);
}

TEST_CASE("an image is read in the order in which it would boot, and no link leads out of it", "[openat2]") {
    const tests::Scratch scratch;
    for (const char* directory :
         {"etc/sysctl.d", "usr/lib/sysctl.d", "usr/lib/systemd", "usr/lib/modules/5.4.0-9"}) {
        std::filesystem::create_directories(scratch.path() + "/" + directory);
    }
    scratch.write("usr/lib/sysctl.d/50-a.conf", "net.ipv4.tcp_timestamps = 0\n");
    scratch.write("usr/lib/sysctl.d/99-z.conf", "net.core.somaxconn = 2000\n");
    scratch.write("etc/sysctl.d/60-b.conf", "net.core.somaxconn = 1000\n");
    scratch.write("etc/sysctl.conf", "net.ipv4.tcp_tw_reuse = 1\n");
    std::filesystem::create_symlink("/dev/null", scratch.path() + "/etc/sysctl.d/50-a.conf");
    std::filesystem::create_symlink("/etc/passwd", scratch.path() + "/etc/sysctl.d/70-out.conf");
    const snapshot::Netns without = booted(scratch.path());
    CHECK(text_of(without, "net.ipv4.tcp_timestamps") == "1");
    CHECK(text_of(without, "net.core.somaxconn") == "2000");
    CHECK(text_of(without, "net.ipv4.tcp_tw_reuse") == "1");
    CHECK(without.boot_sysctls->no_assignments == 0);
    CHECK(without.boot_sysctls->outvoted.contains("net.core.somaxconn"));

    scratch.write("usr/lib/systemd/systemd-sysctl", "");
    const snapshot::Netns with = booted(scratch.path());
    CHECK(text_of(with, "net.ipv4.tcp_tw_reuse") == "2");
    CHECK(with.boot_sysctls->by_hand.contains("net.ipv4.tcp_tw_reuse"));
}

TEST_CASE("of an image whose directory cannot be read no default is believed") {
    const tests::Scratch scratch;
    std::filesystem::create_directories(scratch.path() + "/etc");
    scratch.write("etc/sysctl.conf", "net.ipv4.tcp_tw_reuse = 1\n");
    std::filesystem::create_symlink("sysctl.d", scratch.path() + "/etc/sysctl.d"); // to itself
    const snapshot::Netns netns = booted(scratch.path());
    CHECK(text_of(netns, "net.core.somaxconn") == "failed");
}

TEST_CASE("each directory of a repository is one host, and files of others are left out", "[openat2]") {
    const tests::Scratch scratch;
    for (const char* directory : {"a/sysctl.d", "b"}) {
        std::filesystem::create_directories(scratch.path() + "/" + directory);
    }
    scratch.write("a/sysctl.d/1.conf", "net.core.somaxconn = 1\n");
    scratch.write("a/sysctl.d/2.conf", "oops\n");
    scratch.write("b/nginx.conf", "server { listen 80; }\n");
    scratch.write("b/vars.yml", "port: 80\n");
    auto settings = replay::open_settings({scratch.path()}, std::nullopt, "");
    REQUIRE(settings);
    CHECK(settings->targets.size() == 1);
    CHECK(settings->lines.size() == 2);
    CHECK_FALSE(replay::open_settings({scratch.path() + "/b"}, std::nullopt, ""));
    CHECK_FALSE(replay::open_settings({scratch.path() + "/none"}, std::nullopt, ""));
    CHECK_FALSE(replay::open_settings({}, scratch.path(), ""));
    std::filesystem::create_directory_symlink("..", scratch.path() + "/a/again");
    CHECK(replay::open_settings({scratch.path()}, std::nullopt, "")->targets.size() == 1);
}
