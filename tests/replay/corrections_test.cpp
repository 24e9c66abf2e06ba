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
