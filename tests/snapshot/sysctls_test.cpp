#include "tests/catch.h"

#include "snapshot/sysctls.h"

using base::Why;
using snapshot::Sysctls;

TEST_CASE("A sysctl with one number is refused in any other form") {
    Sysctls sysctls;
    constexpr const char* name = "net.ipv4.tcp_tw_reuse";
    CHECK(sysctls.integer(name).error().why == Why::absent);
    sysctls.set(name, "2");
    CHECK(*sysctls.integer(name) == 2);
    for (const char* wrong : {"", "abc", "1 2", "2x", "0x2", "99999999999999999999"}) {
        CAPTURE(wrong);
        sysctls.set(name, wrong);
        CHECK(sysctls.integer(name).error().why == Why::failed);
    }
    sysctls.set_gap(name, {name, Why::denied, "Permission denied"});
    CHECK(sysctls.integer(name).error().why == Why::denied);
}

TEST_CASE("The port range is two ports in order") {
    Sysctls sysctls;
    constexpr const char* name = "net.ipv4.ip_local_port_range";
    sysctls.set(name, "32768\t60999");
    CHECK(sysctls.port_range()->size() == 28232);
    sysctls.set(name, "40000 40000");
    CHECK(sysctls.port_range()->size() == 1);
    for (const char* wrong : {"60999 32768", "32768", "0 100", "1 65536", "1 2 3", ""}) {
        CAPTURE(wrong);
        sysctls.set(name, wrong);
        CHECK(sysctls.port_range().error().why == Why::failed);
    }
}

TEST_CASE("Reserved ports are a list of ports and ranges, often empty") {
    Sysctls sysctls;
    constexpr const char* name = "net.ipv4.ip_local_reserved_ports";
    sysctls.set(name, "");
    CHECK(sysctls.reserved_ports()->none());
    sysctls.set(name, "8080,9000-9002");
    CHECK(sysctls.reserved_ports()->count() == 4);
    CHECK(sysctls.reserved_ports()->test(9001));
    for (const char* wrong : {"9002-9000", "x", "1,,2", "70000", "1-"}) {
        CAPTURE(wrong);
        sysctls.set(name, wrong);
        CHECK_FALSE(sysctls.reserved_ports());
    }
}

TEST_CASE("What was not read or makes no sense is listed, what is absent is not") {
    Sysctls sysctls;
    sysctls.set("net.ipv4.tcp_tw_reuse", "garbage");
    sysctls.set("net.ipv4.tcp_timestamps", "1 2");
    sysctls.set("net.core.somaxconn", "");
    sysctls.set("net.ipv4.tcp_fin_timeout", "60");
    sysctls.set_gap("net.ipv4.tcp_mem", {"net.ipv4.tcp_mem", Why::denied, ""});
    CHECK(sysctls.unusable().size() == 4);
    CHECK(sysctls.integer("net.core.somaxconn").error().detail == "is empty, expected one number");
}

TEST_CASE("A value to assume is one that the kernel would take") {
    const auto takes = [](const char* name, const char* text) {
        return snapshot::well_formed(*snapshot::find_sysctl(name), text);
    };
    CHECK(takes("net.ipv4.tcp_tw_reuse", "2"));
    CHECK_FALSE(takes("net.ipv4.tcp_tw_reuse", "7"));
    CHECK_FALSE(takes("net.ipv4.tcp_timestamps", "-1"));
    CHECK_FALSE(takes("net.ipv4.tcp_fin_timeout", "99999999999999"));
    CHECK(takes("net.ipv4.ip_local_port_range", "1024 65535"));
    CHECK_FALSE(takes("net.ipv4.ip_local_port_range", "60999 32768"));
}

TEST_CASE("Assumed values take the place of the kernel's") {
    Sysctls sysctls;
    sysctls.set("net.ipv4.tcp_tw_reuse", "0");
    const Sysctls assumed = sysctls.assuming({{"net.ipv4.tcp_tw_reuse", "1"}});
    CHECK(*assumed.integer("net.ipv4.tcp_tw_reuse") == 1);
    CHECK(*sysctls.integer("net.ipv4.tcp_tw_reuse") == 0);
}

TEST_CASE("Every known sysctl's default has the form that the kernel prints") {
    for (const snapshot::SysctlInfo& info : snapshot::known_sysctls()) {
        CAPTURE(info.name);
        const bool empty_list = info.kind == snapshot::SysctlInfo::Kind::ports;
        CHECK((empty_list || info.default_value.empty() || snapshot::well_formed(info, info.default_value)));
    }
    CHECK(snapshot::find_sysctl("net.ipv4.tcp_fin_timeout") != nullptr);
    CHECK(snapshot::find_sysctl("net.ipv4.no_such") == nullptr);
}

TEST_CASE("What the kernel takes of a text, as measured on 6.18") {
    const auto taken = [](std::string_view name, std::string_view text) {
        return snapshot::as_kernel_takes(*snapshot::find_sysctl(name), text).value_or("refused");
    };
    constexpr const char* one = "net.ipv4.tcp_fin_timeout";
    CHECK(taken(one, "30 # kept") == "30");
    CHECK(taken(one, " 33 34 ") == "33");
    CHECK(taken(one, "0x20") == "32");
    CHECK(taken(one, "010") == "8");
    CHECK(taken(one, "-5") == "-5");
    CHECK(taken(one, "0") == "0");
    for (const char* wrong :
         {"31#x", "abc", "", "33.5", "\"20\"", "--5", "0x", "08", "99999999999999999999"}) {
        CAPTURE(wrong);
        CHECK(taken(one, wrong) == "refused");
    }
    constexpr const char* range = "net.ipv4.ip_local_port_range";
    CHECK(taken(range, "1024\t65000 # x") == "1024 65000");
    for (const char* wrong : {"1024-65000", "1024", "65000 1024", "0 65535", "1024 70000"}) {
        CAPTURE(wrong);
        CHECK(taken(range, wrong) == "refused");
    }
    CHECK(taken("net.ipv4.tcp_tw_reuse", "3") == "refused");
    CHECK(taken("net.ipv4.tcp_timestamps", "3") == "3");
    constexpr const char* reserved = "net.ipv4.ip_local_reserved_ports";
    CHECK(taken(reserved, " 8080,9090-9092 ") == "8080,9090-9092");
    CHECK(taken(reserved, "8080, 9090") == "refused");
    CHECK(taken(reserved, "").empty());
}
