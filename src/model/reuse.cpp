#include "model/reuse.h"

#include <algorithm>

#include <fmt/format.h>

namespace model {
namespace {

using facts::TimeWaitReuse;

constexpr std::uint32_t loopback_device = 1; // `lo` is the first device of every namespace

// Ages come from timers in jiffies and are kept in steps of 16 ms: near the delay both outcomes are possible.
constexpr std::uint32_t margin_ms = 64;

ReuseDelay delay_of(const snapshot::Sysctls& sysctls) {
    constexpr std::uint32_t longest_ms = 60'000;
    const auto set = sysctls.integer("net.ipv4.tcp_tw_reuse_delay");
    if (!set) {
        // Before Linux 6.14 a whole second must have begun since the last timestamp came: 0 to 1 s.
        return {0, set.error().why == base::Why::absent ? 1000 : longest_ms};
    }
    const auto delay = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*set, 1, longest_ms));
    return {delay > margin_ms ? delay - margin_ms : 0, delay};
}

bool is_loopback(const snapshot::Flow& flow) {
    return flow.source.is_loopback() || flow.remote.is_loopback() || flow.device == loopback_device;
}

/// Mode 1, timestamps on at this end: what is known of the other end.
TimeWaitReuse by_evidence(const snapshot::Timestamps* seen) {
    if (seen == nullptr || seen->with + seen->without == 0) {
        return {true, true, 0, "tcp_tw_reuse is 1; assumes that the other end sends timestamps too"};
    }
    const std::uint32_t all = seen->with + seen->without;
    if (seen->without == 0) {
        return {true, false, 0,
                fmt::format("tcp_tw_reuse is 1, and {} live connections to it use timestamps", all)};
    }
    return {seen->with > seen->without, true, 0,
            fmt::format("tcp_tw_reuse is 1, but only {} of {} live connections to it use timestamps",
                        seen->with, all)};
}

} // namespace

ReuseSettings reuse_settings(const snapshot::Sysctls& sysctls) {
    return {sysctls.integer("net.ipv4.tcp_tw_reuse"), sysctls.integer("net.ipv4.tcp_timestamps"),
            delay_of(sysctls)};
}

TimeWaitReuse reuse_of(const snapshot::Flow& flow, const ReuseSettings& settings,
                       const snapshot::Timestamps* seen) {
    const bool loopback = is_loopback(flow);
    const auto no = [](std::string reason) { return TimeWaitReuse{false, false, 0, std::move(reason)}; };
    if (!settings.mode) {
        return {false, true, 0, base::to_text(settings.mode.error())};
    }
    if (*settings.mode == 0) {
        return no("tcp_tw_reuse is 0");
    }
    if (*settings.mode == 2 && !loopback) {
        return no("tcp_tw_reuse is 2: loopback only");
    }
    if (!settings.timestamps) {
        return {false, true, 0, base::to_text(settings.timestamps.error())};
    }
    if (*settings.timestamps == 0) {
        return {false, true, 0, "tcp_timestamps is 0: what was opened without timestamps is not reused"};
    }
    if (loopback) {
        return {true, false, 0, fmt::format("tcp_tw_reuse is {}, loopback, timestamps on", *settings.mode)};
    }
    return by_evidence(seen);
}

} // namespace model
