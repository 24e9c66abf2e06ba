#include "kernel/sysctl_history.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace kernel {
namespace {

constexpr Release always{0, 0};
constexpr Release still{999, 0};

struct Known {
    std::string_view name;
    Release since = always;
    Release until = still; // the first release without it
};

// Linux net/ipv4/sysctl_net_ipv4.c and its neighbours: what Linux 6.18 has was read from /proc/sys, the
// releases go by the dates of the commits. Of two that could be meant the earlier one stands here: a name
// that is taken for known harms less than a false alarm. A name without a release is older than 3.10.
constexpr auto ipv4 = std::to_array<Known>({
    {"cipso_cache_bucket_size"},
    {"cipso_cache_enable"},
    {"cipso_rbm_optfmt"},
    {"cipso_rbm_strictvalid"},
    {"fib_multipath_hash_fields", {5, 14}},
    {"fib_multipath_hash_policy", {4, 12}},
    {"fib_multipath_hash_seed", {6, 11}},
    {"fib_multipath_use_neigh", {4, 7}},
    {"fib_notify_on_flag_change", {5, 11}},
    {"fib_sync_mem", {5, 1}},
    {"fwmark_reflect", {3, 16}},
    {"icmp_echo_enable_probe", {5, 13}},
    {"icmp_echo_ignore_all"},
    {"icmp_echo_ignore_broadcasts"},
    {"icmp_errors_use_inbound_ifaddr"},
    {"icmp_ignore_bogus_error_responses"},
    {"icmp_msgs_burst", {3, 18}},
    {"icmp_msgs_per_sec", {3, 18}},
    {"icmp_ratelimit"},
    {"icmp_ratemask"},
    {"igmp_link_local_mcast_reports", {4, 3}},
    {"igmp_max_memberships"},
    {"igmp_max_msf"},
    {"igmp_qrv", {3, 18}},
    {"inet_peer_maxttl"},
    {"inet_peer_minttl"},
    {"inet_peer_threshold"},
    {"ip_autobind_reuse", {5, 7}},
    {"ip_default_ttl"},
    {"ip_dynaddr"},
    {"ip_early_demux"},
    {"ip_forward"},
    {"ip_forward_update_priority", {4, 19}},
    {"ip_forward_use_pmtu", {3, 14}},
    {"ip_local_port_range"},
    {"ip_local_reserved_ports"},
    {"ip_no_pmtu_disc"},
    {"ip_nonlocal_bind"},
    {"ip_unprivileged_port_start", {4, 11}},
    {"ipfrag_high_thresh"},
    {"ipfrag_low_thresh"},
    {"ipfrag_max_dist"},
    {"ipfrag_secret_interval"},
    {"ipfrag_time"},
    {"nexthop_compat_mode", {5, 8}},
    {"ping_group_range"},
    {"raw_l3mdev_accept", {5, 0}},
    {"tcp_abc", always, {3, 10}},
    {"tcp_abort_on_overflow"},
    {"tcp_adv_win_scale"},
    {"tcp_allowed_congestion_control"},
    {"tcp_app_win"},
    {"tcp_autocorking", {3, 14}},
    {"tcp_available_congestion_control"},
    {"tcp_available_ulp", {4, 13}},
    {"tcp_backlog_ack_defer", {6, 7}},
    {"tcp_base_mss"},
    {"tcp_challenge_ack_limit"},
    {"tcp_child_ehash_entries", {6, 1}},
    {"tcp_comp_sack_delay_ns", {4, 18}},
    {"tcp_comp_sack_nr", {4, 18}},
    {"tcp_comp_sack_slack_ns", {5, 8}},
    {"tcp_congestion_control"},
    {"tcp_cookie_size", always, {3, 10}},
    {"tcp_dsack"},
    {"tcp_early_demux", {4, 12}},
    {"tcp_early_retrans"},
    {"tcp_ecn"},
    {"tcp_ecn_fallback", {4, 1}},
    {"tcp_ecn_option", {6, 18}},
    {"tcp_ecn_option_beacon", {6, 18}},
    {"tcp_ehash_entries", {6, 1}},
    {"tcp_fack"},
    {"tcp_fastopen"},
    {"tcp_fastopen_blackhole_timeout_sec", {4, 12}},
    {"tcp_fastopen_key"},
    {"tcp_fin_timeout"},
    {"tcp_frto"},
    {"tcp_frto_response", always, {3, 10}},
    {"tcp_fwmark_accept", {3, 16}},
    {"tcp_invalid_ratelimit", {4, 0}},
    {"tcp_keepalive_intvl"},
    {"tcp_keepalive_probes"},
    {"tcp_keepalive_time"},
    {"tcp_l3mdev_accept", {4, 5}},
    {"tcp_limit_output_bytes"},
    {"tcp_low_latency"},
    {"tcp_max_orphans"},
    {"tcp_max_reordering", {3, 19}},
    {"tcp_max_syn_backlog"},
    {"tcp_max_tw_buckets"},
    {"tcp_mem"},
    {"tcp_migrate_req", {5, 14}},
    {"tcp_min_rtt_wlen", {4, 4}},
    {"tcp_min_snd_mss"}, // 5.2, and brought back into all that were maintained then
    {"tcp_min_tso_segs", {3, 12}},
    {"tcp_moderate_rcvbuf"},
    {"tcp_mtu_probe_floor", {5, 4}},
    {"tcp_mtu_probing"},
    {"tcp_no_metrics_save"},
    {"tcp_no_ssthresh_metrics_save", {5, 6}},
    {"tcp_notsent_lowat", {3, 12}},
    {"tcp_orphan_retries"},
    {"tcp_pacing_ca_ratio", {4, 3}},
    {"tcp_pacing_ss_ratio", {4, 3}},
    {"tcp_pingpong_thresh", {6, 7}},
    {"tcp_plb_cong_thresh", {6, 2}},
    {"tcp_plb_enabled", {6, 2}},
    {"tcp_plb_idle_rehash_rounds", {6, 2}},
    {"tcp_plb_rehash_rounds", {6, 2}},
    {"tcp_plb_suspend_rto_sec", {6, 2}},
    {"tcp_probe_interval", {4, 1}},
    {"tcp_probe_threshold", {4, 1}},
    {"tcp_recovery", {4, 4}},
    {"tcp_reflect_tos", {5, 10}},
    {"tcp_reordering"},
    {"tcp_retrans_collapse"},
    {"tcp_retries1"},
    {"tcp_retries2"},
    {"tcp_rfc1337"},
    {"tcp_rmem"},
    {"tcp_rto_max_ms", {6, 15}},
    {"tcp_rto_min_us", {6, 11}},
    {"tcp_sack"},
    {"tcp_shrink_window", {6, 5}},
    {"tcp_slow_start_after_idle"},
    {"tcp_stdurg"},
    {"tcp_syn_linear_timeouts", {6, 5}},
    {"tcp_syn_retries"},
    {"tcp_synack_retries"},
    {"tcp_syncookies"},
    {"tcp_thin_dupack", always, {4, 11}},
    {"tcp_thin_linear_timeouts"},
    {"tcp_timestamps"},
    {"tcp_tso_rtt_log", {5, 18}},
    {"tcp_tso_win_divisor"},
    {"tcp_tw_recycle", always, {4, 12}},
    {"tcp_tw_reuse"},
    {"tcp_tw_reuse_delay", {6, 14}},
    {"tcp_window_scaling"},
    {"tcp_wmem"},
    {"tcp_workaround_signed_windows"},
    {"udp_child_hash_entries", {6, 2}},
    {"udp_early_demux", {4, 12}},
    {"udp_hash_entries", {6, 2}},
    {"udp_l3mdev_accept", {4, 14}},
    {"udp_mem"},
    {"udp_rmem_min"},
    {"udp_wmem_min"},
    {"xfrm4_gc_thresh"},
});

// Linux net/core/sysctl_net_core.c, in the same way.
constexpr auto core = std::to_array<Known>({
    {"bpf_jit_enable"},
    {"bpf_jit_harden", {4, 7}},
    {"bpf_jit_kallsyms", {4, 11}},
    {"bpf_jit_limit"},
    {"busy_poll"},
    {"busy_read"},
    {"default_qdisc"},
    {"dev_weight"},
    {"dev_weight_rx_bias", {4, 11}},
    {"dev_weight_tx_bias", {4, 11}},
    {"devconf_inherit_init_net", {5, 1}},
    {"fb_tunnels_only_for_init_net", {4, 17}},
    {"flow_limit_cpu_bitmap"},
    {"flow_limit_table_len"},
    {"gro_normal_batch", {5, 4}},
    {"high_order_alloc_disable", {5, 3}},
    {"max_skb_frags", {4, 4}},
    {"mem_pcpu_rsv", {6, 5}},
    {"message_burst"},
    {"message_cost"},
    {"netdev_budget"},
    {"netdev_budget_usecs", {4, 12}},
    {"netdev_max_backlog"},
    {"netdev_rss_key", {3, 19}},
    {"netdev_tstamp_prequeue"},
    {"netdev_unregister_timeout_secs", {5, 13}},
    {"optmem_max"},
    {"rmem_default"},
    {"rmem_max"},
    {"rps_default_mask", {6, 3}},
    {"rps_sock_flow_entries"},
    {"skb_defer_max", {5, 19}},
    {"somaxconn"},
    {"tstamp_allow_data", {3, 19}},
    {"txrehash", {5, 18}},
    {"warnings"},
    {"wmem_default"},
    {"wmem_max"},
    {"xfrm_acq_expires"},
    {"xfrm_aevent_etime"},
    {"xfrm_aevent_rseqth"},
    {"xfrm_larval_drop"},
});

template <typename Visit>
void for_each_known(std::string_view directory, Visit visit) {
    if (directory == "net/ipv4") {
        std::for_each(ipv4.begin(), ipv4.end(), visit);
    } else if (directory == "net/core") {
        std::for_each(core.begin(), core.end(), visit);
    }
}

bool is_there(const Known& known, Release release) {
    return release >= known.since && release < known.until;
}

/// A default of the past: in force before the release.
struct OldDefault {
    std::string_view name;
    Release before;
    std::string_view value;
};

constexpr auto old_defaults = std::to_array<OldDefault>({
    {"net.ipv4.ip_local_port_range", {4, 2}, "32768\t61000"},
    {"net.ipv4.tcp_tw_reuse", {4, 19}, "0"},
    {"net.core.somaxconn", {5, 4}, "128"},
});

struct Bounds {
    std::string_view name;
    Release since; // before, other bounds held
    std::int64_t least;
    std::int64_t most;
};

// Measured on Linux 6.18 by writing to each. proc_dou8vec_minmax() came with 5.13; before, the kernel took
// any integer for most of these and used what fitted.
constexpr Release with_u8{5, 13};
constexpr std::int64_t u8 = 255;
constexpr auto bounds = std::to_array<Bounds>({
    {"net.ipv4.ip_unprivileged_port_start", always, 0, 65535},
    {"net.ipv4.ip_autobind_reuse", with_u8, 0, 1},
    {"net.ipv4.ip_nonlocal_bind", with_u8, 0, u8},
    {"net.ipv4.tcp_tw_reuse", {4, 19}, 0, 2},
    {"net.ipv4.tcp_tw_reuse_delay", always, 1, 60000},
    {"net.ipv4.tcp_timestamps", with_u8, 0, u8},
    {"net.ipv4.tcp_rfc1337", with_u8, 0, u8},
    {"net.ipv4.tcp_orphan_retries", with_u8, 0, u8},
    {"net.ipv4.tcp_syncookies", with_u8, 0, u8},
    {"net.ipv4.tcp_abort_on_overflow", with_u8, 0, u8},
    {"net.ipv4.tcp_migrate_req", always, 0, 1},
    {"net.ipv4.tcp_keepalive_probes", with_u8, 0, u8},
    {"net.ipv4.tcp_retries1", always, 0, u8},
    {"net.ipv4.tcp_retries2", with_u8, 0, u8},
    {"net.ipv4.tcp_syn_retries", always, 1, 127},
    {"net.ipv4.tcp_synack_retries", with_u8, 0, u8},
    {"net.ipv4.tcp_syn_linear_timeouts", always, 0, 127},
    {"net.ipv4.tcp_l3mdev_accept", with_u8, 0, 1},
    {"net.core.somaxconn", always, 0, 2147483647},
});

using Pair = std::pair<std::string_view, std::string_view>;
constexpr auto successors = std::to_array<Pair>({
    {"net.ipv4.ip_conntrack_max", "net.netfilter.nf_conntrack_max"},
    {"net.ipv4.netfilter.ip_conntrack_max", "net.netfilter.nf_conntrack_max"},
    {"net.ipv4.netfilter.ip_conntrack_tcp_timeout_time_wait",
     "net.netfilter.nf_conntrack_tcp_timeout_time_wait"},
    {"net.ipv4.netfilter.ip_conntrack_tcp_timeout_established",
     "net.netfilter.nf_conntrack_tcp_timeout_established"},
    {"net.ipv4.somaxconn", "net.core.somaxconn"},
    {"net.core.tcp_max_syn_backlog", "net.ipv4.tcp_max_syn_backlog"},
    {"net.ipv4.netdev_max_backlog", "net.core.netdev_max_backlog"},
    {"net.ipv4.rmem_max", "net.core.rmem_max"},
    {"net.ipv4.wmem_max", "net.core.wmem_max"},
    {"net.core.ip_local_port_range", "net.ipv4.ip_local_port_range"},
});

} // namespace

std::optional<Release> parse_release(std::string_view text) {
    const auto parts = base::split(text, '.');
    if (parts.size() < 2) {
        return std::nullopt;
    }
    const std::string_view second =
        parts[1].substr(0, std::min(parts[1].find_first_not_of("0123456789"), parts[1].size()));
    const auto major = base::parse_integer(parts[0]);
    const auto minor = base::parse_integer(second);
    constexpr std::int64_t most = 999;
    if (!major || !minor || *major < 2 || *major > most || *minor < 0 || *minor > most) {
        return std::nullopt;
    }
    return Release{static_cast<int>(*major), static_cast<int>(*minor)};
}

std::optional<std::vector<std::string>> sysctls_in(std::string_view directory, Release release) {
    std::vector<std::string> names;
    bool known_directory = false;
    for_each_known(directory, [&](const Known& known) {
        known_directory = true;
        if (is_there(known, release)) {
            names.emplace_back(known.name);
        }
    });
    return known_directory ? std::optional(std::move(names)) : std::nullopt;
}

bool has_sysctl(const snapshot::SysctlInfo& info, Release release) {
    const std::size_t dot = info.name.rfind('.');
    const std::string_view leaf = info.name.substr(dot + 1);
    bool there = true;
    for (const Pair& directory : {Pair{"net.ipv4", "net/ipv4"}, Pair{"net.core", "net/core"}}) {
        if (info.name.substr(0, dot) == directory.first) {
            for_each_known(directory.second, [&](const Known& known) {
                there = known.name == leaf ? is_there(known, release) : there;
            });
        }
    }
    return there;
}

std::optional<std::string> default_of(const snapshot::SysctlInfo& info, Release release) {
    const auto old = std::find_if(old_defaults.begin(), old_defaults.end(), [&](const OldDefault& value) {
        return value.name == info.name && release < value.before;
    });
    if (old != old_defaults.end()) {
        return std::string(old->value);
    }
    const bool fixed = !info.default_value.empty() || info.kind == snapshot::SysctlInfo::Kind::ports;
    return fixed ? std::optional(std::string(info.default_value)) : std::nullopt;
}

bool in_bounds(const snapshot::SysctlInfo& info, std::string_view text, Release release) {
    const auto found =
        std::find_if(bounds.begin(), bounds.end(), [&](const Bounds& b) { return b.name == info.name; });
    const auto taken = snapshot::as_kernel_takes(info, text);
    const auto number = taken ? base::parse_integer(*taken) : std::nullopt;
    return found == bounds.end() || !number || release < found->since ||
           (*number >= found->least && *number <= found->most);
}

std::string_view successor_of(std::string_view name) {
    const auto found = std::find_if(successors.begin(), successors.end(),
                                    [&](const Pair& pair) { return pair.first == name; });
    return found != successors.end() ? found->second : std::string_view();
}

} // namespace kernel
