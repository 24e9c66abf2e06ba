#include "kernel/collect.h"
#include "kernel/sysctl_history.h"
#include "replay/settings.h"
#include "replay/settings_text.h"
#include "replay/sysctl_commands.h"
#include "replay/yaml_settings.h"
#include "tests/catch.h"
#include "tests/scratch.h"

#include <filesystem>
#include <set>
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

/// "name @line" of each that is named and not read.
std::vector<std::string> named_only_in(const std::string& content, std::string_view name) {
    const auto settings = replay::read_settings(content, name);
    std::vector<std::string> texts;
    for (const replay::NamedOnly& named :
         settings ? settings->named_only : std::vector<replay::NamedOnly>()) {
        texts.push_back(fmt::format("{} @{}", named.name, named.line));
    }
    return texts;
}

/// How many network namespaces a text is about.
std::size_t hosts_in(const std::string& content, std::string_view name) {
    const auto settings = replay::read_settings(content, name);
    std::set<std::size_t> hosts;
    for (const replay::SettingLine& line : settings ? settings->lines : std::vector<replay::SettingLine>()) {
        hosts.insert(line.host);
    }
    return hosts.size();
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

TEST_CASE("a script sets what its commands set for certain, and what else it names is not passed over") {
    CHECK(settings_in("#!/bin/sh\nsysctl -w net.core.somaxconn=1 \"net.ipv4.a=1 2\"; /sbin/sysctl -qw "
                      "net/ipv4/b='3 4'\n"
                      "# sysctl -w net.ipv4.c=1\necho 1 > /proc/sys/net/ipv4/d\nnet.ipv4.e = 5\n",
                      "tune.sh") == Texts{"net.core.somaxconn = 1 @2", "net.ipv4.a = 1 2 @2",
                                          "net/ipv4/b = 3 4 @2", "net/ipv4/d = 1 @4", "net.ipv4.e = 5 @5"});
    CHECK(settings_in("[Service]\nExecStartPre=/sbin/sysctl -w net.ipv4.a=1\n", "x.service") ==
          Texts{"net.ipv4.a = 1 @2"});
    CHECK(settings_in("docker run --sysctl net.ipv4.a=\"1 2\" \\\n  --sysctl=net.ipv4.b=3 x\n", "run") ==
          Texts{"net.ipv4.a = 1 2 @1", "net.ipv4.b = 3 @2"});
    CHECK(named_only_in("FROM x\nRUN echo \"net.ipv4.a=1\" >> /etc/sysctl.conf\n", "Dockerfile") ==
          Texts{"net.ipv4.a @2"});
    for (const char* line :
         {"Sysctl=net.ipv4.tcp_a=1", "\"net.ipv4.tcp_a\" = 1;", "sysctl { 'net.ipv4.tcp_a': value => '1' }",
          "sysctl -w net.ipv4.tcp_a = 1", "sysctl -w 'net.ipv4.tcp_a=1", "echo sysctl -w net.ipv4.tcp_a=1",
          "echo 1 >> /proc/sys/net/ipv4/tcp_a", "net.ipv4.tcp_a:\n  sysctl.present:\n    - value: 1",
          "\"netIpv4TcpA\" = 1"}) {
        INFO(line);
        CHECK(named_only_in(line, "x") == Texts{"net.ipv4.tcp_a @1"});
        CHECK(settings_in(line, "x").empty());
    }
    CHECK(settings_in("int main() { return 0; }\n", "main.c") == Texts{"no sysctl is set in it"});
    CHECK(settings_in("server {\n  listen 80;\n}\n", "nginx.conf") == Texts{"no sysctl is set in it"});
    CHECK(settings_in("", "x.conf").empty());
    CHECK(named_only_in("[main]\nsummary=sets net.ipv4.a\n[bootloader]\ncmdline=sysctl.net.ipv4.b=1\n"
                        "[sysctl]\nnet.ipv4.a=1\n",
                        "tuned.conf") == Texts{"net.ipv4.b @4"});
    CHECK(named_only_in("net.core.a=1\ncommand = sysctl -w net.ipv4.b=1\noops net.ipv4.c\n", "x.conf") ==
          Texts{"net.ipv4.b @2"});
}

TEST_CASE("a line whose name a template fills in may set anything") {
    for (const char* name : {"x.conf", "x.conf.j2"}) {
        CHECK(named_only_in("net.core.a = 1\n{% for k in x %}\n{{ k.name }} = {{ k.value }}\n{% endfor %}\n",
                            name) == Texts{"{{ k.name }} @3"});
    }
}

TEST_CASE("what a template leaves open in YAML is a variable, and other names in it are not passed over") {
    if (!reads_yaml()) {
        return;
    }
    const auto helm = replay::read_settings(
        "sysctls:\n- name: net.core.x\n  value: {{ .Values.x | quote }}\n- {name: net.core.y, value: 1}\n",
        "x.yml");
    REQUIRE(helm);
    REQUIRE(helm->lines.size() == 2);
    CHECK(helm->lines.front().is_variable);
    CHECK(helm->lines.front().line == 3);
    CHECK(settings_in(
              "- sysctl: name=net.ipv4.a value=\"1 2\" state=present\n- sysctl: {key: net.ipv4.b, val: 3}\n"
              "- command: sysctl -w net.ipv4.c=4\n- namespace: net.ipv4.d\n  value: '5'\n"
              "- net: {ipv4: {tcp_fin_timeout: 6}}\n",
              "x.yml") == Texts{"net.ipv4.a = 1 2 @1", "net.ipv4.b = 3 @2", "net.ipv4.c = 4 @3",
                                "net.ipv4.d = 5 @5", "net.ipv4.tcp_fin_timeout = 6 @6"});
    CHECK(named_only_in("a: {net.ipv4.a: 1}\nb: \"Set net.ipv4.a, and net.ipv4.b\"\nc: {param: net.ipv4.c}\n"
                        "# net.ipv4.d\ne: ['--unsafe=net.ipv4.e']\nf: {name: net.ipv4.f, state: absent}\n"
                        "sysctl_net_ipv4_g: 1\ndata:\n  x: |\n    net.ipv4.h = 1\n",
                        "x.yml") ==
          Texts{"net.ipv4.b @2", "net.ipv4.c @3", "net.ipv4.e @5", "net.ipv4.g @7"});
    CHECK(named_only_in("a:\n- sysctl: net.ipv4.a\n", "x.yml") == Texts{"net.ipv4.a @2"});
}

TEST_CASE("pods, services and plays of one file are hosts of their own") {
    if (!reads_yaml()) {
        return;
    }
    const std::string pod =
        "spec: {securityContext: {sysctls: [{name: net.ipv4.a, value: 1}, {name: net.ipv4.b, value: 1}]}}\n";
    CHECK(hosts_in(pod, "x.yml") == 1);
    CHECK(hosts_in(pod + "---\n" + pod, "x.yml") == 2);
    CHECK(hosts_in("services:\n  a: {sysctls: {net.ipv4.a: 1}}\n  b: {sysctls: [net.ipv4.a=2]}\n", "x.yml") ==
          2);
    CHECK(
        hosts_in("- hosts: a\n  vars: {net.ipv4.a: 1, net.ipv4.b: 1}\n- hosts: b\n  vars: {net.ipv4.a: 2}\n",
                 "x.yml") == 2);
    CHECK(hosts_in("all:\n  hosts:\n    a: {net.ipv4.a: 1}\n    b: {net.ipv4.a: 2}\n", "x.yml") == 2);
    CHECK(hosts_in("a: {net.ipv4.a: 1}\nb: {net.ipv4.b: 2}\n", "x.yml") == 1);
    CHECK(hosts_in("run --sysctl net.ipv4.a=1 a\nrun --sysctl net.ipv4.a=2 b\n", "x.sh") == 2);
    CHECK(hosts_in("[a:vars]\nnet.ipv4.a=1\nnet.ipv4.b=1\n[b:vars]\nnet.ipv4.a=2\n", "hosts.ini") == 2);
    CHECK(hosts_in(R"([{"Sysctls": {"net.ipv4.a": "1"}}, {"Sysctls": {"net.ipv4.a": "2"}}])", "x.json") == 2);
    const tests::Scratch scratch;
    scratch.write("x.yml", pod + "---\n" + pod);
    const auto settings = replay::open_settings({scratch.path() + "/x.yml"}, std::nullopt, "");
    REQUIRE(settings);
    REQUIRE(settings->targets.size() == 2);
    CHECK(settings->targets.back().label == scratch.path() + "/x.yml:3");
}

TEST_CASE("no range begins below the ports of the privileged, in the order of the lines") {
    const tests::Scratch scratch;
    const auto refused = [&](const std::string& text, const std::string& kernel = "") {
        scratch.write("x.conf", text);
        const auto all = booted(scratch.path() + "/x.conf", kernel).boot_sysctls->refused;
        return Texts(all.begin(), all.end());
    };
    const std::string range = "net.ipv4.ip_local_port_range";
    const std::string start = "net.ipv4.ip_unprivileged_port_start";
    CHECK(refused(range + " = 1023 65535\n") == Texts{range});
    CHECK(refused(range + " = 1024 65535\n").empty());
    CHECK(refused(start + " = 0\n" + range + " = 1000 65535\n").empty());
    CHECK(refused(range + " = 1000 65535\n" + start + " = 0\n") == Texts{range});
    CHECK(refused(range + " = 1024 65535\n" + start + " = 2000\n") == Texts{start});
    CHECK(refused(start + " = 2000\n" + range + " = 1024 65535\n") == Texts{range});
    CHECK(refused(range + " = 1023 65535\n", "4.10").empty());
    CHECK(refused("kernel.osrelease = 6.1.0\n" + range + " = 80 65535\n" + start + " = 80\n").empty());
    CHECK(refused("kernel.osrelease = 6.1.0\n" + range + " = 40000 65535\n" + start + " = 40000\n").empty());
}

TEST_CASE("an image tells which modules it loads before the files of sysctl.d", "[openat2]") {
    const tests::Scratch scratch;
    for (const char* directory : {"etc/sysctl.d", "etc/modules-load.d", "usr/lib/modules/6.1.0-1"}) {
        std::filesystem::create_directories(scratch.path() + "/" + directory);
    }
    const std::string conntrack = "net.netfilter.nf_conntrack_max";
    scratch.write("etc/sysctl.d/1.conf", conntrack + " = 9\n");
    CHECK(booted(scratch.path()).boot_sysctls->maybe_late.contains(conntrack));
    scratch.write("usr/lib/modules/6.1.0-1/modules.builtin", "");
    scratch.write("usr/lib/modules/6.1.0-1/modules.dep", "kernel/net/netfilter/nf_conntrack.ko.xz: a.ko\n");
    const snapshot::Netns late = booted(scratch.path());
    CHECK(late.boot_sysctls->late.contains(conntrack));
    CHECK(text_of(late, conntrack) == "not collected");
    scratch.write("etc/modules-load.d/1.conf", "nf_conntrack_ftp\n");
    const snapshot::Netns early = booted(scratch.path());
    CHECK(early.boot_sysctls->late.empty());
    CHECK(text_of(early, conntrack) == "9");
    scratch.write("etc/modules-load.d/1.conf", "");
    scratch.write("usr/lib/modules/6.1.0-1/modules.builtin", "kernel/net/netfilter/nf_conntrack.ko\n");
    CHECK(booted(scratch.path()).boot_sysctls->late.empty());
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

TEST_CASE("whatever names a sysctl in a directory is judged or named, and documentation is told",
          "[openat2]") {
    const tests::Scratch scratch;
    const auto opened = [&](const std::map<std::string, std::string>& files) {
        std::filesystem::remove_all(scratch.path() + "/r");
        for (const char* directory : {"r/.git", "r/.github", "r/etc/sysctl.d"}) {
            std::filesystem::create_directories(scratch.path() + "/" + directory);
        }
        for (const auto& [name, text] : files) {
            scratch.write("r/" + name, text);
        }
        return replay::open_settings({scratch.path() + "/r"}, std::nullopt, "");
    };
    const std::string good = "net.core.somaxconn = 4096\n";
    const std::vector<std::pair<std::string, std::string>> others = {
        {"Dockerfile", "RUN echo net.ipv4.tcp_tw_recycle=1 >> /etc/sysctl.conf\n"},
        {"main.tf", "sysctls = {\n  \"net.ipv4.tcp_max_orphans\" = \"5\"\n}\n"},
        {"etc/sysctl.conf.j2", "net.ipv4.tcp_tw_recycle=1\n"},
        {".github/ci.sh", "sysctl -w net.core.somaxconn=16\n"},
        {"loop.sh", "for k in $keys; do sysctl -qw \"$k=1\"; done\n"},
        {"ds.yaml", "a:\n  {{- range $k, $v := .x }}\n  sysctl -w {{ $k }}={{ $v }}\n"},
        {"mc.yaml", "- path: /etc/sysctl.d/9.conf\n  contents: {source: \"data:;base64,bmV0\"}\n"},
    };
    for (const auto& [name, text] : others) {
        CAPTURE(name);
        const auto settings = opened({{"sysctl.conf", good}, {name, text}});
        REQUIRE(settings);
        CHECK(settings->targets.size() == 2);
        CHECK(settings->left_out.empty());
        CHECK(opened({{name, text}})); // nothing else is in it
        const auto beside_boot = opened({{"etc/sysctl.d/1.conf", good}, {name, text}});
        CHECK(beside_boot->targets.size() == 2);
    }
    const auto left = opened({{"sysctl.conf", good},
                              {"README.md", "Set\nnet.ipv4.tcp_tw_reuse = 1\n"},
                              {"app.properties", "debug.level = 1\n"},
                              {".git/config", "net.ipv4.tcp_tw_recycle=1\n"}});
    REQUIRE(left);
    CHECK(left->targets.size() == 1);
    REQUIRE(left->left_out.size() == 1);
    CHECK(left->left_out[0] == scratch.path() + "/r/README.md:2 names net.ipv4.tcp_tw_reuse");
}

TEST_CASE("a command whose name is filled in may set anything; one that reads does not") {
    for (const char* line : {"sysctl -w {{ $k }}={{ $v }}", "sudo /sbin/sysctl -qw \"${k}=1\"",
                             "cmd: [sysctl, --write, '{{ k }}=1']", "test -d sysctl.d && sysctl -w $k",
                             R"(run(["sysctl", "-w", f"{k}={v}"]))"}) {
        CAPTURE(line);
        CHECK(replay::open_setting_in(line));
    }
    for (const char* line : {"sysctl -n $key", "sysctl -p \"$file\"", "# sysctl -w $k=1", "my_sysctl -w $k=1",
                             "sysctl -w net.core.somaxconn=$n", "sysctl -w NAME=VALUE"}) {
        CAPTURE(line);
        CHECK_FALSE(replay::open_setting_in(line));
    }
}
