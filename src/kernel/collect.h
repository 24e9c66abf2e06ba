// One walk over the socket table of a namespace, and how what it could not tell is noted.
#pragma once

#include "kernel/machine.h"
#include "kernel/sock_diag.h"
#include "snapshot/host.h"

#include <span>
#include <string_view>
#include <vector>

namespace kernel {

/// An entry that makes no sense may hide anything: the table is not whole.
void note_malformed(std::uint64_t count, snapshot::Namespace& space);

/// What was asked for twice in vain is one gap.
void note_gap(snapshot::Namespace& space, std::string_view what, base::Gap gap);

/// One walk over the socket table; each socket goes to `sink`.
template <typename Sink>
Outcome walk(Machine& machine, Walk which, std::span<const std::byte> request, snapshot::Namespace& space,
             Sink sink) {
    DumpReader reader(which);
    const Outcome received =
        machine.dump(request, [&](std::span<const std::byte> frame) { return reader.read(frame, sink); });
    note_malformed(reader.malformed(), space);
    return received ? reader.outcome() : received;
}

template <typename Sink>
Outcome walk(Machine& machine, Walk which, snapshot::Namespace& space, Sink sink) {
    return walk(machine, which, request_for(which), space, sink);
}

// Fills a snapshot through a machine: the cheap base pass, and what is asked for beyond it. Failures become
// gaps.

/// The base pass over each place: sysctls, counters, listeners, one dump of all connections, and CLOSE_WAIT
/// with tcp_info if there are any.
snapshot::Host collect(std::vector<Place>& places);

/// What the request asks for, added to its namespace. A failure becomes a gap of that namespace.
void collect(const snapshot::Request& request, std::vector<Place>& places, snapshot::Host& host);

} // namespace kernel
