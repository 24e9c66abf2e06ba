#include "kernel/sysctl_files.h"
#include "tests/kernel/messages.h"

#include "tests/catch.h"

using kernel::BootAssignments;
using Names = std::vector<std::string>;

namespace {

snapshot::BootValues from(std::string_view text) {
    BootAssignments assignments;
    assignments.add_file(text, "F");
    return assignments.result().values;
}

/// A machine with files; their directories list them.
void add_file(test::Machine& machine, const std::string& directory, const std::string& name,
              std::string text) {
    auto& names = machine.directories.try_emplace(directory, Names{}).first->second;
    names->push_back(name);
    machine.files.emplace(directory + "/" + name, std::move(text));
}

snapshot::BootSysctls boot_of(test::Machine& machine) {
    std::vector<base::Gap> gaps;
    auto boot = kernel::read_boot_sysctls(machine, gaps);
    CHECK(gaps.empty());
    return boot;
}

} // namespace

TEST_CASE("lines of sysctl.d") {
    const auto boot = from("# net.ipv4.tcp_timestamps = 0\n"
                           "; net.ipv4.tcp_timestamps = 0\n"
                           "  net.ipv4.tcp_tw_reuse = 1 # kept\n"
                           "-net/ipv4/tcp_fin_timeout=30\r\n"
                           "net.ipv4.ip_local_port_range = 1024   65000\n"
                           "net.ipv4.tcp_rfc1337\n"
                           "kernel.panic = 10\n"
                           "net.core.somaxconn = 1\n"
                           "net.core.somaxconn = 2");
    CHECK(boot.size() == 4);
    CHECK(boot.at("net.ipv4.tcp_fin_timeout").may_fail);
    CHECK_FALSE(boot.at("net.ipv4.tcp_tw_reuse").may_fail);
    CHECK(boot.at("net.ipv4.tcp_tw_reuse").value == "1 # kept"); // comments stand only at the start of a line
    CHECK(boot.at("net.ipv4.tcp_tw_reuse").origin == "F:3");
    CHECK(boot.at("net.ipv4.tcp_fin_timeout").value == "30");
    CHECK(boot.at("net.ipv4.ip_local_port_range").value == "1024   65000");
    CHECK(boot.at("net.core.somaxconn").value == "2");
    CHECK(boot.at("net.core.somaxconn").origin == "F:9");
}

TEST_CASE("a glob never wins over a name, and a dash takes a name out") {
    const auto boot =
        from("net.ipv4.tcp_syncookies = 0\nnet.ipv4.tcp_syn* = 7\n-net.ipv4.tcp_syn_retries\nnet.* = 9\n");
    CHECK(boot.at("net.ipv4.tcp_syncookies").value == "0");
    CHECK(boot.at("net.ipv4.tcp_synack_retries").value == "7");
    CHECK_FALSE(boot.contains("net.ipv4.tcp_syn_retries"));
    CHECK_FALSE(boot.contains("net.ipv4.tcp_timestamps")); // a star does not cross a separator
}

TEST_CASE("directories: order by name, the first one hides a name, gaps for what cannot be read") {
    test::Machine machine;
    machine.directories.emplace("/etc/sysctl.d",
                                Names{"20-b.conf", "30-off.conf", "README", "50-denied.conf"});
    machine.directories.emplace("/usr/lib/sysctl.d", Names{"10-a.conf", "20-b.conf", "30-off.conf"});
    machine.directories.emplace("/run/sysctl.d",
                                base::Gap{"/run/sysctl.d", base::Why::denied, "Permission denied"});
    machine.files.emplace("/usr/lib/sysctl.d/10-a.conf",
                          std::string("net.ipv4.tcp_tw_reuse=0\nnet.ipv4.tcp_rfc1337=1\n"));
    machine.files.emplace("/etc/sysctl.d/20-b.conf", std::string("net.ipv4.tcp_tw_reuse=1\n"));
    machine.files.emplace("/usr/lib/sysctl.d/20-b.conf", std::string("net.ipv4.tcp_tw_reuse=2\n"));
    machine.files.emplace("/etc/sysctl.d/30-off.conf", std::string()); // a link to /dev/null
    machine.files.emplace("/usr/lib/sysctl.d/30-off.conf", std::string("net.ipv4.tcp_rfc1337=0\n"));
    machine.files.emplace("/etc/sysctl.d/50-denied.conf",
                          base::Gap{"50", base::Why::denied, "Permission denied"});
    machine.files.emplace("/etc/sysctl.conf", std::string("net.ipv4.tcp_rfc1337=7\n"));
    std::vector<base::Gap> gaps;
    auto boot = kernel::read_boot_sysctls(machine, gaps).values;
    CHECK(boot.at("net.ipv4.tcp_tw_reuse").origin == "/etc/sysctl.d/20-b.conf:1");
    CHECK(boot.at("net.ipv4.tcp_rfc1337").value == "7"); // no systemd: sysctl.conf is last
    CHECK(gaps.size() == 2);

    machine.directories.emplace("/run/systemd/system", Names{});
    boot = kernel::read_boot_sysctls(machine, gaps).values;
    CHECK(boot.at("net.ipv4.tcp_rfc1337").origin == "/usr/lib/sysctl.d/10-a.conf:2");
}

TEST_CASE("a line below /etc that another one overrides is outvoted, one of a package is not") {
    test::Machine machine;
    add_file(machine, "/usr/lib/sysctl.d", "10-package.conf",
             "net.ipv4.tcp_fin_timeout=50\nnet.ipv4.tcp_rfc1337=1\n");
    add_file(machine, "/etc/sysctl.d", "60-own.conf",
             "net.ipv4.tcp_fin_timeout=30\nnet.ipv4.tcp_syncookies=0\nnet.ipv4.tcp_tw_reuse=1\n"
             "net.ipv4.ip_local_port_range=1024 65535\n");
    add_file(
        machine, "/usr/lib/sysctl.d", "99-late.conf",
        "net.ipv4.tcp_fin_timeout=60\nnet.ipv4.ip_local_port_range=1024\t65535\nnet.ipv4.tcp_tw_reuse=0\n");
    add_file(machine, "/etc/sysctl.d", "99-z.conf", "net.ipv4.tcp_tw_reuse=1\n");
    const auto boot = boot_of(machine);
    CHECK(boot.outvoted.size() ==
          1); // the range is the same, and tcp_tw_reuse is in the end as it was wanted
    CHECK(boot.outvoted.at("net.ipv4.tcp_fin_timeout").origin == "/etc/sysctl.d/60-own.conf:1");
    CHECK(boot.outvoted.at("net.ipv4.tcp_fin_timeout").value == "30");
    CHECK(boot.values.at("net.ipv4.tcp_fin_timeout").origin == "/usr/lib/sysctl.d/99-late.conf:1");
    CHECK(boot.values.at("net.ipv4.tcp_rfc1337").value == "1");
}

TEST_CASE("with systemd /etc/sysctl.conf is only read by hand") {
    test::Machine machine;
    machine.directories.emplace("/run/systemd/system", Names{});
    add_file(machine, "/etc/sysctl.d", "60-own.conf",
             "net.ipv4.tcp_fin_timeout=30\nnet.ipv4.tcp_rfc1337=1\n");
    machine.files.emplace("/etc/sysctl.conf",
                          std::string("net.ipv4.tcp_fin_timeout=40\nnet.ipv4.tcp_rfc1337 = 1\n"
                                      "net.ipv4.tcp_tw_reuse=1\nno assignment\n"));
    auto boot = boot_of(machine);
    CHECK(boot.by_hand.size() == 2);
    CHECK(boot.by_hand.at("net.ipv4.tcp_fin_timeout").value == "40");
    CHECK(boot.by_hand.at("net.ipv4.tcp_tw_reuse").origin == "/etc/sysctl.conf:3");
    CHECK(boot.values.at("net.ipv4.tcp_fin_timeout").value == "30");
    CHECK_FALSE(boot.values.contains("net.ipv4.tcp_tw_reuse"));
    CHECK(boot.no_assignments == 0);
    CHECK(boot.outvoted.empty());

    machine.files.at("/etc/sysctl.conf") = base::Gap{"/etc/sysctl.conf", base::Why::denied, ""};
    std::vector<base::Gap> gaps;
    CHECK_FALSE(kernel::read_boot_sysctls(machine, gaps).unread); // the boot does not need it
    CHECK(gaps.size() == 1);

    machine.directories.erase("/run/systemd/system");
    CHECK(kernel::read_boot_sysctls(machine, gaps).unread->why == base::Why::denied);
}

TEST_CASE("dead are settings of TCP that the kernel does not list") {
    test::Machine machine;
    machine.directories.emplace("/proc/sys/net/ipv4", Names{"tcp_tw_reuse", "tcp_ecn"});
    add_file(machine, "/etc/sysctl.d", "60-own.conf",
             "net.ipv4.tcp_tw_resue=1\nnet/ipv4/tcp_ecn=1\n-net.ipv4.tcp_fack=1\n"
             "net.ipv4.tcp_tw_recycle=1\n");
    std::vector<base::Gap> gaps;
    const auto boot = kernel::read_boot_sysctls(machine, gaps);
    CHECK(boot.dead.size() == 1);
    CHECK(boot.dead.at("net.ipv4.tcp_tw_resue").origin == "/etc/sysctl.d/60-own.conf:1");
    machine.directories.erase("/proc/sys/net/ipv4");
    CHECK(kernel::read_boot_sysctls(machine, gaps).dead.empty()); // who cannot look does not say
}

TEST_CASE("a directory full of rubbish: gaps, and what is right counts") {
    test::Machine machine;
    machine.directories.emplace("/etc/sysctl.d", Names{"10-directory.conf", "20-loop.conf", "30-utf16.conf",
                                                       "40-bytes.conf", "50-dangling.conf", "60-good.conf"});
    machine.files.emplace("/etc/sysctl.d/10-directory.conf",
                          base::Gap{"10", base::Why::failed, "is a directory"});
    machine.files.emplace("/etc/sysctl.d/20-loop.conf",
                          base::Gap{"20", base::Why::failed, "Too many levels of symbolic links"});
    machine.files.emplace("/etc/sysctl.d/30-utf16.conf", std::string("n\0e\0t\0=\0001\0\n\0", 12));
    machine.files.emplace(
        "/etc/sysctl.d/40-bytes.conf",
        std::string("\xEF\xBB\xBFnet.ipv4.tcp_tw_reuse=1\n=\n-\n--\n[=\nnet.ipv4.tcp_rfc1337=\xff\n"));
    machine.files.emplace("/etc/sysctl.d/60-good.conf", std::string("net.ipv4.tcp_fin_timeout = 30"));
    std::vector<base::Gap> gaps;
    const auto files = kernel::read_boot_sysctls(machine, gaps);
    const auto& boot = files.values;
    CHECK(files.unread->what == "10");
    CHECK(files.no_assignments ==
          3);                // "=", a key of nothing, and the UTF-16; "-" and "--" name nothing either
    CHECK(boot.size() == 2); // a byte order mark belongs to the key, and nobody knows that key
    CHECK(boot.at("net.ipv4.tcp_rfc1337").value == "\xff");
    CHECK(boot.at("net.ipv4.tcp_fin_timeout").origin == "/etc/sysctl.d/60-good.conf:1");
    CHECK(gaps.size() == 3); // the third: that key was not looked for, because nothing lists the kernel's
}

TEST_CASE("too many files and too many globs: the first are read, and a gap says so", "[exhaustive]") {
    test::Machine machine;
    Names names;
    for (int i = 0; i < 3000; ++i) {
        names.push_back(std::to_string(10000 + i) + ".conf");
        machine.files.emplace("/etc/sysctl.d/" + names.back(), std::string("net.ipv4.tcp_s* = 3\n"));
    }
    machine.directories.emplace("/etc/sysctl.d", names);
    std::vector<base::Gap> gaps;
    CHECK(kernel::read_boot_sysctls(machine, gaps).values.at("net.ipv4.tcp_syn_retries").origin ==
          "/etc/sysctl.d/10999.conf:1");
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].detail == "only the first 1000 files were read");

    BootAssignments assignments;
    std::string million;
    for (int i = 0; i < 1'000'000; ++i) {
        million += "n*=" + std::to_string(i) + "\n";
    }
    assignments.add_file(million + "net.ipv4.tcp_tw_reuse=1\n", "F");
    CHECK(assignments.left_globs_out());
    CHECK(assignments.result().values.at("net.ipv4.tcp_tw_reuse").origin == "F:1000001");
}

namespace {

/// A host that was booted at 1000 s, with a file of sysctl.d and what runs of it.
struct BootedHost {
    test::Machine machine;

    explicit BootedHost(std::string lines) {
        machine.time = 5000;
        machine.files.emplace("/proc/uptime", std::string("4000.00 1.00\n"));
        machine.directories.emplace("/run/systemd/system", Names{});
        for (const char* directory : {"/proc/sys/net/ipv4", "/proc/sys/net/core", "/proc/sys/vm"}) {
            machine.directories.emplace(directory, Names{"swappiness", "somaxconn", "tcp_ecn"});
        }
        add_file(machine, "/etc/sysctl.d", "60-own.conf", std::move(lines));
    }
    snapshot::BootSysctls read() { return kernel::read_boot_sysctls(machine, gaps); }

    std::vector<base::Gap> gaps;
};

constexpr const char* loadable = "/sys/module/nf_conntrack/initstate";

} // namespace

TEST_CASE("a boot does not set what belongs to a module that comes later") {
    BootedHost host("net.netfilter.nf_conntrack_max = 1000000\nnet.bridge.bridge-nf-call-iptables = 1\n");
    host.machine.files.emplace(loadable, std::string("live\n"));
    host.machine.files.emplace("/proc/sys/net/netfilter/nf_conntrack_max", std::string("262144\n"));
    host.machine.change_times.emplace("/etc/sysctl.d/60-own.conf", 900);
    const auto boot = host.read();
    REQUIRE(boot.late.size() == 2);
    CHECK(boot.late.at("net.netfilter.nf_conntrack_max").module == "nf_conntrack");
    CHECK(boot.late.at("net.netfilter.nf_conntrack_max").now == "262144");
    CHECK(boot.late.at("net.netfilter.nf_conntrack_max").boot.before_boot == true);
    CHECK(boot.late.at("net.bridge.bridge-nf-call-iptables").module == "br_netfilter");
    CHECK(boot.dead.empty());
    CHECK(host.gaps.empty());
}

TEST_CASE("modules that are listed, built in or proven to be in time") {
    BootedHost host("net.nf_conntrack_max = 1000000\n");
    host.machine.files.emplace("/proc/sys/net/netfilter/nf_conntrack_max", std::string("262144\n"));
    SECTION("listed") {
        add_file(host.machine, "/etc/modules-load.d", "a.conf", "# nf_conntrack\n nf-conntrack \n");
        host.machine.files.emplace(loadable, std::string("live\n"));
    }
    SECTION("needed by one that is listed") {
        add_file(host.machine, "/usr/lib/modules-load.d", "a.conf", "xt_MASQUERADE\n");
        host.machine.files.emplace(loadable, std::string("live\n"));
    }
    SECTION("built in, without parameters") {}
    SECTION("built in") {
        host.machine.directories.emplace("/sys/module/nf_conntrack", Names{"parameters"});
    }
    SECTION("the value of an older file runs") {
        host.machine.files.emplace(loadable, std::string("live\n"));
        host.machine.change_times.emplace("/etc/sysctl.d/60-own.conf", 900);
        host.machine.files.at("/proc/sys/net/netfilter/nf_conntrack_max") = std::string("1000000\n");
    }
    SECTION("what is listed cannot be read") {
        host.machine.directories.emplace("/etc/modules-load.d", base::Gap{"x", base::Why::denied, ""});
    }
    const auto boot = host.read();
    CHECK(boot.late.empty());
    CHECK(boot.values.at("net.netfilter.nf_conntrack_max").value == "1000000"); // by its other name
}

TEST_CASE("the same value in a file that is newer than the boot proves nothing") {
    BootedHost host("net.netfilter.nf_conntrack_max = 7\n");
    host.machine.files.emplace(loadable, std::string("live\n"));
    host.machine.files.emplace("/proc/sys/net/netfilter/nf_conntrack_max", std::string("7\n"));
    host.machine.change_times.emplace("/etc/sysctl.d/60-own.conf", 1100);
    CHECK(host.read().late.size() == 1);
}

TEST_CASE("of two names of one sysctl the last line wins") {
    const auto boot = from("net.netfilter.nf_conntrack_max = 1\nnet.nf_conntrack_max = 2\n");
    CHECK(boot.size() == 1);
    CHECK(boot.at("net.netfilter.nf_conntrack_max").value == "2");
}

TEST_CASE("every name is looked for, or named as one that was not judged") {
    BootedHost host("vm.swapiness = 1\nvm.swappiness = 1\nnet.core.somaxcon = 1\nnett.core.somaxconn = 1\n"
                    "net.ipv4.conf.eth7.rp_filter = 1\nnet.ipv6.route.max_size = 1\n");
    const auto boot = host.read();
    CHECK(boot.dead.size() == 3);
    CHECK(boot.dead.contains("vm.swapiness"));
    CHECK(boot.dead.contains("net.core.somaxcon"));
    CHECK(boot.dead.contains("nett.core.somaxconn"));
    REQUIRE(host.gaps.size() == 1);
    CHECK(host.gaps.front().why == base::Why::absent);
    CHECK(host.gaps.front().detail.find("net.ipv4.conf.eth7.rp_filter (/etc/sysctl.d/60-own.conf:5)") !=
          std::string::npos);
    CHECK(host.gaps.front().detail.find("net.ipv6.route.max_size") != std::string::npos);
}
