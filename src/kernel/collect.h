// Fills a snapshot through a machine: the cheap base pass, and what is asked for beyond it. Whatever fails is
// noted in the snapshot as a gap. Knows neither where a machine has its answers from nor what they are for.
#pragma once

#include "kernel/machine.h"
#include "snapshot/host.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace kernel {

/// What else is wanted of the network namespace with this index, by what is known of it; none to go on.
using Wants = std::function<std::optional<snapshot::Request>(const snapshot::Host&, std::size_t place)>;

/// The base pass over each network namespace: sysctls, counters, listeners, one dump of all connections, and
/// CLOSE_WAIT with tcp_info if there are any; then what is wanted beyond it, at most twice: what was refused
/// twice is a gap. Targets that have ended meanwhile are removed.
snapshot::Host collect(std::vector<Target>& targets, const Wants& wants = {});

/// What the request asks for, added to its namespace. A failure becomes a gap of that namespace.
void collect(const snapshot::Request& request, std::vector<Target>& targets, snapshot::Host& host);

/// Notes a gap of the namespace; what was asked for twice in vain is one gap.
void note_gap(snapshot::Netns& netns, std::string_view what, base::Gap gap);

} // namespace kernel
