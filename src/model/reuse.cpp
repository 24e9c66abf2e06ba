#include "model/reuse.h"

#include <algorithm>

namespace model {

ReuseSettings reuse_settings(const snapshot::Sysctls& sysctls) {
    ReuseSettings settings{sysctls.integer("net.ipv4.tcp_tw_reuse"),
                           sysctls.integer("net.ipv4.tcp_timestamps"), 1000};
    if (const auto delay = sysctls.integer("net.ipv4.tcp_tw_reuse_delay")) {
        settings.delay_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*delay, 1, 60'000));
    }
    return settings;
}

facts::TimeWaitReuse reuse_between(const snapshot::Address& source, const snapshot::Address& remote,
                                   const ReuseSettings& settings) {
    const bool loopback = source.is_loopback() || remote.is_loopback();
    const auto no = [](std::string reason) {
        return facts::TimeWaitReuse{false, false, 0, std::move(reason)};
    };
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
        return no("tcp_timestamps is 0: without timestamps nothing is reused");
    }
    if (loopback) {
        return {true, false, 0,
                "tcp_tw_reuse is " + std::to_string(*settings.mode) + ", loopback, timestamps on"};
    }
    return {true, true, 0, "tcp_tw_reuse is 1; assumes that the other end sends timestamps too"};
}

} // namespace model
