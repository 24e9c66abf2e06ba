// Whether the kernel may give a port in TIME_WAIT to a new connection (kernel-model 1.4: tcp_twsk_unique()).
#pragma once

#include "facts/ports.h"
#include "snapshot/address.h"
#include "snapshot/sysctls.h"

#include <cstdint>

namespace model {

struct ReuseSettings {
    snapshot::Reading<std::int64_t> mode;       // net.ipv4.tcp_tw_reuse
    snapshot::Reading<std::int64_t> timestamps; // net.ipv4.tcp_timestamps
    std::uint32_t delay_ms = 1000; // net.ipv4.tcp_tw_reuse_delay; kernels without it wait up to a second
};

ReuseSettings reuse_settings(const snapshot::Sysctls& sysctls);

/// Does reuse apply to connections between these ends, and by what evidence. `reusable` stays 0.
facts::TimeWaitReuse reuse_between(const snapshot::Address& source, const snapshot::Address& remote,
                                   const ReuseSettings& settings);

} // namespace model
