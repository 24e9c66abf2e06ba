// Whether the kernel may give a port in TIME_WAIT to a new connection (docs/kernel-model.md, 1.4).
#pragma once

#include "snapshot/census.h"
#include "snapshot/flow_table.h"
#include "snapshot/host.h"
#include "snapshot/sysctls.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace model {

// The one clock of TIME_WAIT; its length is the kernel's own, snapshot::time_wait_ms.

/// How long the socket is there, in seconds.
constexpr std::uint32_t time_wait_length = snapshot::time_wait_ms / 1000;

/// The slack of the timer wheel: the most of 2600 at HZ=250, whose mean is 1.07 s. With the mean a rate just
/// below the limit would be called sustainable and fail in the slow half of the wheel (docs/kernel-model.md,
/// 4).
constexpr double time_wait_slack = 2.1;

/// How long its port is gone at most, in seconds.
constexpr double time_wait_seconds = time_wait_length + time_wait_slack;

constexpr std::size_t age_bins = time_wait_length + 1; // whole seconds; the last one holds 60 s and more
using Ages = std::array<std::uint16_t, age_bins>;

/// How old a TIME_WAIT socket is, in whole seconds.
inline std::size_t age_seconds(const snapshot::SocketRecord& time_wait) {
    return time_wait.detail() * snapshot::age_unit_ms / 1000;
}

constexpr std::uint32_t default_reuse_delay_ms = 1000; // of kernels without tcp_tw_reuse_delay
/// Ages come from timers in jiffies and are kept in steps of 16 ms: near the delay both outcomes are
/// possible.
constexpr std::uint32_t reuse_margin_ms = 64;

/// How old a TIME_WAIT socket must be, in ms: never reused before `least`, always after `most`.
struct ReuseDelay {
    std::uint32_t least = default_reuse_delay_ms - reuse_margin_ms;
    std::uint32_t most = default_reuse_delay_ms;
};

struct ReuseSettings {
    snapshot::Reading<std::int64_t> mode;       // net.ipv4.tcp_tw_reuse
    snapshot::Reading<std::int64_t> timestamps; // net.ipv4.tcp_timestamps
    ReuseDelay delay;

    /// How long a closed connection keeps its port, in seconds.
    double port_time(bool reuse_applies) const {
        return reuse_applies ? delay.most / 1000.0 : time_wait_seconds;
    }
};

ReuseSettings reuse_settings(const snapshot::Sysctls& sysctls);

struct Reuse {
    bool applies = false;
    bool inferred = false; // no evidence that the other end sends timestamps
    enum class Because {
        mode_unknown,
        mode_off,
        mode_loopback_only,
        timestamps_unknown,
        timestamps_off,
        on_loopback,
        peer_not_seen,
        peer_uses_timestamps,
        peer_uses_some,
    };
    Because because = Because::mode_off;
};

/// Does reuse apply to connections of this flow, and by what evidence: `seen` are the TCP timestamps of live
/// sockets to the same remote end, null if nobody looked.
Reuse reuse_of(const snapshot::Flow& flow, const ReuseSettings& settings, const snapshot::Timestamps* seen);

/// The evidence in one clause.
std::string reason_of(const Reuse& reuse, const ReuseSettings& settings, const snapshot::Timestamps* seen);

// Rates and forecast of one destination from the ages of its TIME_WAIT sockets. Pure arithmetic: an entry of
// age a was born a seconds ago and dies when it is 62 s old (docs/kernel-model.md, 0 and 4.2).

struct Entries {
    double over_2s = 0; // per second
    double over_5s = 0;
    double over_15s = 0;
    double over_60s = 0;
};
Entries entries(const Ages& ages);

/// The same where ports in TIME_WAIT are reused: what is older than the reuse delay may have been replaced
/// and is missing, so that no rate is less than that of the sockets younger than the delay.
Entries entries_under_reuse(const Ages& ages, std::uint32_t delay_ms);

/// The rate that a forecast goes on with: over the longest of 60, 15 and 5 s that agrees with the last 5 s
/// (else over 5 s if that counts enough sockets, or over 15 s); 0 once nothing was born for 5 s, because a
/// burst that is over is not a trend, and next to nothing once the last 2 s saw next to nothing. Per second.
double present_rate(const Entries& entries);

/// A rate, and how it grows.
struct Trend {
    double rate = 0;   // now, per second
    double growth = 0; // of the rate, per second
};
/// None if the last eight seconds, two by two, do not all show more than those before, or if the growth is
/// within the scatter of such counts.
std::optional<Trend> trend(const Ages& ages);

struct Load {
    double sustainable_rate = 0; // per second
    double percent = 0;          // over 60 s, at most `most_load`
    double percent_15s = 0;
    double percent_lasting = 0; // the lower of the last 5 s and the 10 s before: no burst
};
constexpr double most_load = 1000;

/// `room`: ports that TIME_WAIT may fill (usable less blocked less those of live connections);
/// `hold_seconds`: how long a closed connection keeps its port.
Load load_of(const Entries& entries, double room, double hold_seconds);

struct Forecast {
    double peak_ports = 0;            // most ports that TIME_WAIT holds within the next minute
    std::optional<double> full_after; // seconds until they fill `room`
};
/// At a rate that goes on growing for 15 s, and stays then.
Forecast forecast(const Ages& ages, const Trend& trend, double room);

/// The same where ports in TIME_WAIT are reused after `hold_seconds`. `young`: ports in TIME_WAIT that are
/// not reusable yet.
Forecast forecast_under_reuse(double young, double rate, double room, double hold_seconds);

} // namespace model
