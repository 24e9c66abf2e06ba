#include "kernel/sysctl_files.h"
#include "replay/corrections.h"
#include "tests/catch.h"

#include <string>

namespace {

/// What should stand where `text` has `setting`, if that is what a boot reads of it.
std::string better(const std::string& text, const std::string& setting, const std::string& name) {
    kernel::BootAssignments boot;
    boot.add_file(setting, "x.conf");
    snapshot::Netns netns;
    netns.boot_sysctls = boot.result();
    netns.boot_sysctls->refused.insert(name);
    netns.sysctls.set(name, "1");
    const replay::FileTexts texts{{"x.conf", {text}}};
    const auto line = replay::Corrections(netns, texts, "new.conf").refused(name);
    return line ? line->corrected : "no line";
}

std::string better(const std::string& line, const std::string& name) {
    return better(line, line, name);
}

} // namespace

TEST_CASE("a value that no kernel takes becomes the one that was meant, else the default") {
    const std::string retries = "net.ipv4.tcp_retries2";
    CHECK(better("net.ipv4.tcp_retries2 = \"8\"", retries) == "net.ipv4.tcp_retries2 = 8");
    CHECK(better("net.ipv4.tcp_retries2 = 8s", retries) == "net.ipv4.tcp_retries2 = 8");
    CHECK(better("net.ipv4.tcp_retries2 = 8 # eight", retries) == "net.ipv4.tcp_retries2 = 8");
    CHECK(better("net.ipv4.tcp_retries2 = -x1", retries) == "net.ipv4.tcp_retries2 = 15");
    CHECK(better("net.ipv4.tcp_retries2 = 8k", retries) == "net.ipv4.tcp_retries2 = 15");
    CHECK(better("net.ipv4.tcp_retries2 = 0.5", retries) == "net.ipv4.tcp_retries2 = 15");
    CHECK(better("net.core.somaxconn = -1", "net.core.somaxconn") == "net.core.somaxconn = 4096");
    CHECK(better("net.ipv4.tcp_timestamps = off", "net.ipv4.tcp_timestamps") ==
          "net.ipv4.tcp_timestamps = 0");
    CHECK(better("net.ipv4.ip_local_port_range = 900 65535", "net.ipv4.ip_local_port_range") ==
          "net.ipv4.ip_local_port_range = 1024 65535");
    CHECK(better("net.ipv4.ip_unprivileged_port_start = 2000", "net.ipv4.ip_unprivileged_port_start") ==
          "net.ipv4.ip_unprivileged_port_start = 1024");
    CHECK(better("net.ipv4.ip_local_port_range = 40000-41000", "net.ipv4.ip_local_port_range") ==
          "net.ipv4.ip_local_port_range = 40000 41000");
}

TEST_CASE("the value of a line is replaced, and neither its name nor its comment") {
    const std::string retries = "net.ipv4.tcp_retries2";
    const std::string setting = "net.ipv4.tcp_retries2 = 2x";
    CHECK(better("  net.ipv4.tcp_retries2: 2x # was 2x", setting, retries) ==
          "  net.ipv4.tcp_retries2: 15 # was 2x");
    CHECK(better("net/ipv4/tcp_retries2=2x", setting, retries) == "net/ipv4/tcp_retries2=15");
    CHECK(better("    value: '2x' # not 2x", setting, retries) == "    value: '15' # not 2x");
    CHECK(better("{a: 2x, net.ipv4.tcp_retries2: 2x}", setting, retries) ==
          "{a: 2x, net.ipv4.tcp_retries2: 15}");
}

TEST_CASE("a name that no kernel has becomes the one that was meant, once") {
    kernel::BootAssignments boot;
    boot.add_file("net.core.somaxcon = 9", "x.conf");
    snapshot::Netns netns;
    netns.boot_sysctls = boot.result();
    const replay::FileTexts texts{{"x.conf", {"net.core.somaxcon: 9 # net.core.somaxcon"}}};
    const auto line = replay::Corrections(netns, texts, "new.conf").refused("net.core.somaxcon");
    REQUIRE(line);
    CHECK(line->corrected == "net.core.somaxconn: 9 # net.core.somaxcon");
    CHECK(line->line == 1);
}

TEST_CASE("what a file of YAML has on other lines or with other blanks is not made an assignment") {
    const std::string range = "net.ipv4.ip_local_port_range";
    CHECK(better("  net.ipv4.ip_local_port_range: 1025   6500x", range + " = 1025 6500x", range) ==
          "  net.ipv4.ip_local_port_range: 32768 60999");
    CHECK(better("    value: *anchor", "net.ipv4.tcp_retries2 = 2x", "net.ipv4.tcp_retries2").empty());

    kernel::BootAssignments boot;
    boot.add_file("\n\nnet.core.somaxcon = 9", "x.yml");
    snapshot::Netns netns;
    netns.boot_sysctls = boot.result();
    const replay::FileTexts texts{
        {"x.yml", {"- state: present", "  name: net.core.somaxcon", "  value: '9'"}}};
    const auto line = replay::Corrections(netns, texts, "new.conf").refused("net.core.somaxcon");
    REQUIRE(line);
    CHECK(line->line == 2);
    CHECK(line->corrected == "  name: net.core.somaxconn");
}

TEST_CASE("a line that is missing goes to a file of the same configuration") {
    snapshot::Netns netns;
    netns.label = "r/web";
    netns.boot_sysctls = snapshot::BootSysctls();
    const replay::FileTexts texts{
        {"r/web-old/10.conf", {}}, {"r/web/10.conf", {}}, {"r/web/deep/10.conf", {}}};
    const auto file = [&] {
        return replay::Corrections(netns, texts, "new.conf").with_value("net.ipv4.tcp_tw_reuse", "1").file;
    };
    CHECK(file() == "r/web/10.conf");
    netns.label = "r/we";
    CHECK(file() == "new.conf");
}
