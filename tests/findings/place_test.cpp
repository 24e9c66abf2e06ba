#include "findings/place.h"

#include "tests/catch.h"

using findings::acting_in;

TEST_CASE("here, a command is as it is") {
    CHECK(acting_in("", "sysctl -w net.ipv4.tcp_tw_reuse=1") == "sysctl -w net.ipv4.tcp_tw_reuse=1");
    CHECK(findings::entering("").empty());
    CHECK(findings::options_for("").empty());
}

TEST_CASE("programs that depend on the network namespace are started inside") {
    CHECK(acting_in("/run/netns/web", "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"") ==
          "ip netns exec web sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"");
    CHECK(acting_in("/proc/42/ns/net", "ss -tnp state close-wait") ==
          "nsenter --net=/proc/42/ns/net ss -tnp state close-wait");
    CHECK(acting_in("/proc/42/ns/net", "sudo ss -tn") == "sudo nsenter --net=/proc/42/ns/net ss -tn");
    CHECK(acting_in("/proc/42/ns/net", "cat /proc/net/snmp") ==
          "nsenter --net=/proc/42/ns/net cat /proc/net/snmp");
}

TEST_CASE("what a shell would run is run by a shell inside") {
    CHECK(acting_in("/proc/42/ns/net", "ss -tn | wc -l") ==
          "nsenter --net=/proc/42/ns/net sh -c 'ss -tn | wc -l'");
    CHECK(acting_in("/proc/42/ns/net", "echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse") ==
          "nsenter --net=/proc/42/ns/net sh -c 'echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse'");
    CHECK(acting_in("/proc/42/ns/net", "stat -c '%s %n' /proc/[0-9]*/fd | sort -n | tail") ==
          "stat -c '%s %n' /proc/[0-9]*/fd | sort -n | tail");
}

TEST_CASE("what depends on no network namespace stays as it is") {
    CHECK(acting_in("/proc/42/ns/net", "ls -l /proc/42/fd") == "ls -l /proc/42/fd");
    CHECK(acting_in("/proc/42/ns/net", "systemctl restart web") == "systemctl restart web");
    CHECK(acting_in("/proc/42/ns/net", "Install the former version") == "Install the former version");
    CHECK(acting_in("/proc/42/ns/net", "").empty());
}

TEST_CASE("tcpadvisor looks there by its own options") {
    CHECK(acting_in("/proc/42/ns/net", "tcpadvisor report --assume a=1") ==
          "tcpadvisor report --assume a=1 --pid 42");
    CHECK(findings::options_for("/run/netns/web") == "--netns web");
    CHECK(findings::options_for("/srv/ns/net") == "--netns /srv/ns/net");
    CHECK(findings::options_for("/proc/self/ns/net") == "--netns /proc/self/ns/net");
}

TEST_CASE("a path from elsewhere is one word of the shell") {
    CHECK(findings::entering("/run/netns/a; touch b") == "ip netns exec 'a; touch b'");
    CHECK(findings::entering("/run/netns/-n") == "nsenter --net=/run/netns/-n");
    CHECK(findings::entering("/srv/$(id)") == "nsenter --net='/srv/$(id)'");
}

TEST_CASE("from outside of a container a sysctl is an option of docker and a field of a pod") {
    CHECK(findings::from_outside({{"net.ipv4.ip_local_port_range", "1024 65535"}}) ==
          "a container: docker run --sysctl net.ipv4.ip_local_port_range=\"1024 65535\" ...; a pod: "
          "securityContext: {sysctls: [{name: net.ipv4.ip_local_port_range, value: \"1024 65535\"}]} "
          "(kubelet counts net.ipv4.ip_local_port_range as safe)");
    CHECK(findings::from_outside({{"net.ipv4.tcp_tw_reuse", "1"}})
              .find("unsafe: its node must allow it, --allowed-unsafe-sysctls=net.ipv4.tcp_tw_reuse") !=
          std::string::npos);
    CHECK(
        findings::from_outside({{"net.ipv4.tcp_fin_timeout", "30"}}).find("as safe since Kubernetes 1.29") !=
        std::string::npos);
}

TEST_CASE("on the host of a container a process of its namespace is found by the inode") {
    CHECK(findings::from_node(4026532281, "sysctl -w a.b=1") ==
          "nsenter --net=/proc/$(lsns -nro PID 4026532281 | head -n 1)/ns/net sysctl -w a.b=1");
    CHECK(findings::from_node(0, "sysctl -w a.b=1") ==
          "nsenter --net=/proc/PID_OF_THE_CONTAINER/ns/net sysctl -w a.b=1");
}

TEST_CASE("what connects by a file of the shell acts in the namespace, too") {
    CHECK(acting_in("/run/netns/web", "timeout 5 bash -c '</dev/tcp/192.0.2.1/80' && echo answers") ==
          R"(ip netns exec web sh -c 'timeout 5 bash -c '\''</dev/tcp/192.0.2.1/80'\'' && echo answers')");
}

TEST_CASE("the assignments of a command") {
    const auto found = findings::assignments_of("sysctl -w a.b=1 c.d=2 e.f=\"3 4\"");
    CHECK(found == findings::Assignments{{"a.b", "1"}, {"c.d", "2"}});
    CHECK(findings::sets_sysctls("sysctl -w a.b=1"));
    CHECK_FALSE(findings::sets_sysctls("sysctl net.ipv4.tcp_mem"));
}
