// Whether the kernel may give a port in TIME_WAIT to a new connection (docs/kernel-model.md, 1.4).
#pragma once

#include "facts/ports.h"
#include "snapshot/flow_table.h"
#include "snapshot/peer.h"
#include "snapshot/sysctls.h"

#include <cstdint>

namespace model {

/// How old a TIME_WAIT socket must be, in ms: never reused before `least`, always after `most`.
struct ReuseDelay {
    std::uint32_t least = 936;
    std::uint32_t most = 1000;
};

struct ReuseSettings {
    snapshot::Reading<std::int64_t> mode;       // net.ipv4.tcp_tw_reuse
    snapshot::Reading<std::int64_t> timestamps; // net.ipv4.tcp_timestamps
    ReuseDelay delay;
};

ReuseSettings reuse_settings(const snapshot::Sysctls& sysctls);

/// Does reuse apply to connections of this flow, and by what evidence: `seen` are the TCP timestamps of live
/// sockets to the same remote end, null if nobody looked. `reusable` stays 0.
facts::TimeWaitReuse reuse_of(const snapshot::Flow& flow, const ReuseSettings& settings,
                              const snapshot::Timestamps* seen);

} // namespace model
