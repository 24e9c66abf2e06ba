#include "findings/place.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace findings {
namespace {

constexpr std::string_view names_directory = "/run/netns/";
constexpr std::string_view shell_signs = "|;&<>`$()\n";

/// Their answers, or what they change, depend on the network namespace that they run in.
constexpr auto of_network = std::to_array<std::string_view>(
    {"arp",      "bpftool", "conntrack", "curl", "ethtool", "ifconfig",  "ip",    "ip6tables",
     "iptables", "ipvsadm", "lsof",      "nc",   "netstat", "nft",       "nstat", "ping",
     "route",    "ss",      "sysctl",    "tc",   "tcpdump", "traceroute"});

bool is_of_network(std::string_view word) {
    return std::find(of_network.begin(), of_network.end(), word) != of_network.end() ||
           word.find("/proc/net") != std::string_view::npos ||
           word.find("/proc/sys/net") != std::string_view::npos ||
           word.find("/dev/tcp/") != std::string_view::npos;
}

/// "42" of "/proc/42/ns/net"; empty for other paths.
std::string_view process_of(std::string_view path) {
    constexpr std::string_view before = "/proc/";
    constexpr std::string_view after = "/ns/net";
    if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) {
        return {};
    }
    const auto number = path.substr(before.size(), path.size() - before.size() - after.size());
    return base::parse_unsigned(number) ? number : std::string_view();
}

/// The name that `ip netns` knows; empty for other paths.
std::string_view name_of(std::string_view path) {
    const bool named = path.starts_with(names_directory);
    const auto name = named ? path.substr(names_directory.size()) : std::string_view();
    return name.find('/') == std::string_view::npos && !name.starts_with('-') ? name : std::string_view();
}

std::string of_tcpadvisor(std::string_view path, const std::string& command) {
    return command + " " + options_for(path);
}

// What kubelet lets every pod set, as of Kubernetes 1.32 (pkg/kubelet/sysctl/safe_sysctls.go), and the
// version since which it does; empty: the oldest that runs anywhere does.
struct SafeSysctl {
    std::string_view name;
    std::string_view since;
};
constexpr auto safe_sysctls = std::to_array<SafeSysctl>({
    {"net.ipv4.ip_local_port_range", ""},
    {"net.ipv4.tcp_syncookies", ""},
    {"net.ipv4.ip_unprivileged_port_start", ""},
    {"net.ipv4.ip_local_reserved_ports", "1.27"},
    {"net.ipv4.tcp_keepalive_time", "1.29"},
    {"net.ipv4.tcp_keepalive_intvl", "1.29"},
    {"net.ipv4.tcp_keepalive_probes", "1.29"},
    {"net.ipv4.tcp_fin_timeout", "1.29"},
    {"net.ipv4.tcp_rmem", "1.32"},
    {"net.ipv4.tcp_wmem", "1.32"},
});

std::string kubelet_on(const std::string& name) {
    const auto safe = std::find_if(safe_sysctls.begin(), safe_sysctls.end(),
                                   [&](const SafeSysctl& known) { return known.name == name; });
    if (safe == safe_sysctls.end()) {
        return fmt::format("kubelet counts {} as unsafe: its node must allow it, --allowed-unsafe-sysctls={}",
                           name, name);
    }
    return fmt::format("kubelet counts {} as safe{}", name,
                       safe->since.empty() ? "" : fmt::format(" since Kubernetes {}", safe->since));
}

} // namespace

std::string entering(std::string_view netns_path) {
    if (netns_path.empty()) {
        return {};
    }
    const std::string_view name = name_of(netns_path);
    return name.empty() ? "nsenter --net=" + base::shell_word(std::string(netns_path))
                        : "ip netns exec " + base::shell_word(std::string(name));
}

std::string options_for(std::string_view netns_path) {
    if (netns_path.empty()) {
        return {};
    }
    if (const std::string_view process = process_of(netns_path); !process.empty()) {
        return "--pid " + std::string(process);
    }
    const std::string_view name = name_of(netns_path);
    return "--netns " + base::shell_word(std::string(name.empty() ? netns_path : name));
}

std::string acting_in(std::string_view netns_path, const std::string& command) {
    constexpr std::string_view as_root = "sudo ";
    if (netns_path.empty() || command.empty()) {
        return command;
    }
    if (command.starts_with(as_root)) {
        return std::string(as_root) + acting_in(netns_path, command.substr(as_root.size()));
    }
    const auto words = base::words(command);
    if (!words.empty() && words.front() == "tcpadvisor") {
        return of_tcpadvisor(netns_path, command);
    }
    const bool is_script = command.find_first_of(shell_signs) != std::string::npos;
    if (is_script && std::any_of(words.begin(), words.end(), is_of_network)) {
        return entering(netns_path) + " sh -c " + base::shell_quoted(command);
    }
    const bool has_place =
        !words.empty() && (is_of_network(words.front()) || command.find("/proc/net") != std::string::npos ||
                           command.find("/proc/sys/net") != std::string::npos);
    return has_place ? entering(netns_path) + " " + command : command;
}

bool sets_sysctls(std::string_view command) {
    return command.starts_with("sysctl -w ") || command.starts_with("sysctl -p") ||
           command.starts_with("sysctl --system");
}

Assignments assignments_of(std::string_view command) {
    Assignments assignments;
    for (const std::string_view word : base::words(command)) {
        const std::size_t equals = word.find('=');
        if (equals != std::string_view::npos && word.find_first_of("'\"") == std::string_view::npos) {
            assignments.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        }
    }
    return assignments;
}

std::string from_node(std::uint64_t netns, const std::string& command) {
    const std::string process =
        netns != 0 ? fmt::format("$(lsns -nro PID {} | head -n 1)", netns) : "PID_OF_THE_CONTAINER";
    return fmt::format("nsenter --net=/proc/{}/ns/net {}", process, command);
}

std::string from_outside(const Assignments& sysctls) {
    std::string docker = "docker run";
    std::vector<std::string> pod;
    std::vector<std::string> kubelet;
    for (const auto& [name, value] : sysctls) {
        docker += " --sysctl " + name + "=" + base::shell_word(value);
        pod.push_back(fmt::format("{{name: {}, value: \"{}\"}}", name, value));
        kubelet.push_back(kubelet_on(name));
    }
    return fmt::format("a container: {} ...; a pod: securityContext: {{sysctls: [{}]}} ({})", docker,
                       base::join(pod, ", "), base::join(kubelet, "; "));
}

} // namespace findings
