// A namespace by literals: range 40000-40999, nothing reserved, tcp_tw_reuse 0, timestamps on.
#pragma once

#include "model/ports_answer.h"
#include "snapshot/host.h"
#include "tests/snapshot/sockets.h"

namespace tests {

snapshot::Netns netns();
/// A host of Linux 6.1 with that network namespace.
snapshot::Host host_of(snapshot::Netns netns);

/// Adds `count` TIME_WAIT sockets from ports `first`, `first + step`, ... to 192.0.2.9:80.
void add_time_waits(snapshot::Netns& netns, std::uint16_t first, std::uint16_t count, std::uint16_t step,
                    std::uint32_t age_ms);

/// The one destination that `tcpadvisor ports --to 192.0.2.9:80` shows.
facts::Destination towards(const snapshot::Netns& netns, const char* to = "192.0.2.9:80");

constexpr const char* here = "192.0.2.1";
constexpr const char* there = "192.0.2.9";

} // namespace tests
