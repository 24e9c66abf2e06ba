#include "snapshot/sysctls.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace snapshot {
namespace {

using Kind = SysctlInfo::Kind;

constexpr bool global = false;
constexpr bool in_netns = true;
constexpr bool everywhere = true;
constexpr auto sysctl_list = std::to_array<SysctlInfo>({
    {"net.ipv4.ip_local_port_range", Kind::integers, 2, "32768\t60999", "ports", in_netns, everywhere},
    {"net.ipv4.ip_local_reserved_ports", Kind::ports, 1, "", "ports", in_netns, everywhere},
    {"net.ipv4.ip_unprivileged_port_start", Kind::integer, 1, "1024", "port"},
    {"net.ipv4.ip_autobind_reuse", Kind::integer, 1, "0", ""},
    {"net.ipv4.ip_nonlocal_bind", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_tw_reuse", Kind::integer, 1, "2", "", in_netns, everywhere},
    {"net.ipv4.tcp_tw_reuse_delay", Kind::integer, 1, "1000", "ms"},
    {"net.ipv4.tcp_tw_recycle", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_timestamps", Kind::integer, 1, "1", "", in_netns, everywhere},
    {"net.ipv4.tcp_fin_timeout", Kind::integer, 1, "60", "s", in_netns, everywhere},
    {"net.ipv4.tcp_max_tw_buckets", Kind::integer, 1, "", "sockets", in_netns, everywhere},
    {"net.ipv4.tcp_rfc1337", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_max_orphans", Kind::integer, 1, "", "sockets", global},
    {"net.ipv4.tcp_orphan_retries", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_mem", Kind::integers, 3, "", "pages", global},
    {"net.ipv4.tcp_max_syn_backlog", Kind::integer, 1, "", "requests"},
    {"net.core.somaxconn", Kind::integer, 1, "4096", "connections", in_netns, everywhere},
    {"net.ipv4.tcp_syncookies", Kind::integer, 1, "1", "", in_netns, everywhere},
    {"net.ipv4.tcp_abort_on_overflow", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_migrate_req", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_keepalive_time", Kind::integer, 1, "7200", "s", in_netns, everywhere},
    {"net.ipv4.tcp_keepalive_intvl", Kind::integer, 1, "75", "s"},
    {"net.ipv4.tcp_keepalive_probes", Kind::integer, 1, "9", ""},
    {"net.ipv4.tcp_retries1", Kind::integer, 1, "3", ""},
    {"net.ipv4.tcp_retries2", Kind::integer, 1, "15", ""},
    {"net.ipv4.tcp_syn_retries", Kind::integer, 1, "6", ""},
    {"net.ipv4.tcp_synack_retries", Kind::integer, 1, "5", ""},
    {"net.ipv4.tcp_syn_linear_timeouts", Kind::integer, 1, "4", ""},
    {"net.ipv4.tcp_fastopen", Kind::integer, 1, "1", ""},
    {"net.ipv4.tcp_ehash_entries", Kind::integer, 1, "", "buckets"},
    {"net.ipv4.tcp_child_ehash_entries", Kind::integer, 1, "0", "buckets"},
    {"net.ipv4.tcp_l3mdev_accept", Kind::integer, 1, "0", ""},
    {"net.ipv4.tcp_rmem", Kind::integers, 3, "", "bytes"},
    {"net.ipv4.tcp_wmem", Kind::integers, 3, "", "bytes"},
    {"net.netfilter.nf_conntrack_max", Kind::integer, 1, "", "entries", global, false,
     "net.nf_conntrack_max"}, // since Linux 2.6.26
    {"net.netfilter.nf_conntrack_tcp_timeout_time_wait", Kind::integer, 1, "120", "s"},
    {"net.core.netdev_max_backlog", Kind::integer, 1, "1000", "packets", global},
});

std::optional<std::vector<std::int64_t>> parse_integers(std::string_view text) {
    std::vector<std::int64_t> numbers;
    for (const std::string_view word : base::words(text)) {
        const auto number = base::parse_integer(word);
        if (!number) {
            return std::nullopt;
        }
        numbers.push_back(*number);
    }
    return numbers;
}

/// "8080,9000-9010": the kernel's bitmap list format.
std::optional<PortSet> parse_ports(std::string_view text) {
    PortSet ports;
    text = base::trim(text);
    if (text.empty()) {
        return ports;
    }
    for (const std::string_view part : base::split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto low = base::parse_port(base::trim(part.substr(0, dash)));
        const auto high =
            dash == std::string_view::npos ? low : base::parse_port(base::trim(part.substr(dash + 1)));
        if (!low || !high || *low > *high) {
            return std::nullopt;
        }
        for (std::uint32_t port = *low; port <= *high; ++port) {
            ports.set(port);
        }
    }
    return ports;
}

base::Gap unusable_text(std::string_view name, std::string_view text, std::string_view wanted) {
    return {std::string(name), base::Why::failed,
            (text.empty() ? "is empty" : "holds '" + base::printable(text.substr(0, 40)) + "'") +
                ", expected " + std::string(wanted)};
}

bool has_form(const SysctlInfo& info, std::string_view text) {
    if (info.kind == Kind::ports) {
        return parse_ports(text).has_value();
    }
    const auto numbers = parse_integers(text);
    return numbers && numbers->size() == info.numbers;
}

/// Decimal, 0x1f or 017, with a sign.
std::optional<std::int64_t> parse_any_base(std::string_view word) {
    const bool negative = word.starts_with('-');
    word.remove_prefix(negative ? 1 : 0);
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) {
        base = 16;
        word.remove_prefix(2);
    } else if (word.starts_with('0')) {
        base = 8;
    }
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
    const bool whole = error == std::errc() && end == word.data() + word.size() && !word.starts_with('-');
    return whole ? std::optional(negative ? -number : number) : std::nullopt;
}

} // namespace

std::span<const SysctlInfo> known_sysctls() {
    return sysctl_list;
}

const SysctlInfo* find_sysctl(std::string_view name) {
    const auto found = std::find_if(sysctl_list.begin(), sysctl_list.end(), [&](const SysctlInfo& info) {
        return info.name == name || (!name.empty() && info.alias == name);
    });
    return found != sysctl_list.end() ? &*found : nullptr;
}

Reading<std::string> Sysctls::text(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
        return base::Gap{std::string(name), base::Why::absent, {}};
    }
    return found->second;
}

Reading<std::vector<std::int64_t>> Sysctls::integers(std::string_view name, std::size_t count) const {
    const auto content = text(name);
    if (!content) {
        return content.error();
    }
    auto numbers = parse_integers(*content);
    if (!numbers || numbers->size() != count) {
        return unusable_text(name, *content, count == 1 ? "one number" : std::to_string(count) + " numbers");
    }
    return std::move(*numbers);
}

Reading<std::int64_t> Sysctls::integer(std::string_view name) const {
    const auto numbers = integers(name, 1);
    if (!numbers) {
        return numbers.error();
    }
    return numbers->front();
}

Reading<PortRange> Sysctls::port_range() const {
    constexpr std::string_view name = "net.ipv4.ip_local_port_range";
    const auto numbers = integers(name, 2);
    if (!numbers) {
        return numbers.error();
    }
    const std::int64_t low = (*numbers)[0];
    const std::int64_t high = (*numbers)[1];
    if (low < 1 || high > 65535 || low > high) {
        return unusable_text(name, *text(name), "two ports in order");
    }
    return PortRange{static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(high)};
}

Reading<PortSet> Sysctls::reserved_ports() const {
    constexpr std::string_view name = "net.ipv4.ip_local_reserved_ports";
    const auto content = text(name);
    if (!content) {
        return content.error();
    }
    const auto ports = parse_ports(*content);
    if (!ports) {
        return unusable_text(name, *content, "a list of ports such as 8080,9000-9010");
    }
    return *ports;
}

std::vector<base::Gap> Sysctls::unusable() const {
    std::vector<base::Gap> gaps;
    for (const SysctlInfo& info : sysctl_list) {
        const auto content = text(info.name);
        if (!content && content.error().why != base::Why::absent) {
            gaps.push_back(content.error());
        } else if (content && !has_form(info, *content)) {
            gaps.push_back(unusable_text(info.name, *content, "what the kernel prints"));
        }
    }
    return gaps;
}

Sysctls Sysctls::assuming(const std::map<std::string, std::string>& assumed) const {
    Sysctls changed = *this;
    for (const auto& [name, text] : assumed) {
        changed.set(name, text);
    }
    return changed;
}

bool well_formed(const SysctlInfo& info, std::string_view text) {
    if (!has_form(info, text)) {
        return false;
    }
    if (info.kind == Kind::integer) {
        const std::int64_t number = parse_integers(text)->front();
        const bool small = info.name == "net.ipv4.tcp_tw_reuse" || info.name == "net.ipv4.tcp_timestamps";
        return number >= 0 && number <= (small ? 2 : std::numeric_limits<std::int32_t>::max());
    }
    if (info.name == "net.ipv4.ip_local_port_range") {
        Sysctls only;
        only.set(info.name, text);
        return only.port_range().has_value();
    }
    return true;
}

// Linux kernel/sysctl.c, __do_proc_dointvec(); measured on 6.18 (docs/kernel-model.md, 8.2).
std::optional<std::string> as_kernel_takes(const SysctlInfo& info, std::string_view text) {
    if (info.kind == Kind::ports) {
        const std::string_view list = base::trim(text);
        const bool one_word = list.find_first_of(" \t") == std::string_view::npos;
        return one_word && has_form(info, list) ? std::optional(std::string(list)) : std::nullopt;
    }
    const auto words = base::words(text);
    const std::size_t wanted = info.kind == Kind::integer ? 1 : info.numbers;
    std::string taken;
    for (std::size_t i = 0; i < wanted; ++i) {
        const auto number = i < words.size() ? parse_any_base(words[i]) : std::nullopt;
        if (!number) {
            return std::nullopt;
        }
        taken += (i > 0 ? " " : "") + std::to_string(*number);
    }
    const bool is_checked =
        info.name == "net.ipv4.ip_local_port_range" || info.name == "net.ipv4.tcp_tw_reuse";
    return is_checked && !well_formed(info, taken) ? std::nullopt : std::optional(taken);
}

} // namespace snapshot
