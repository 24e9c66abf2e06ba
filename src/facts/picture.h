// The picture of a host: what somebody wants to see of each namespace beside the findings. Connections by
// state, the destinations that use most ports, how old TIME_WAIT is, who holds CLOSE_WAIT, and the accept
// queues. Plain data; judges nothing.
#pragma once

#include "facts/ports.h"
#include "facts/states.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace facts {

/// Bins of the TIME_WAIT histogram: 5 s each, the last one for the timer's slack at 60 s and more.
constexpr std::uint32_t age_bin_seconds = 5;
constexpr std::size_t age_bin_count = 13;

/// "At least so old", in seconds, for CLOSE_WAIT.
constexpr std::array<std::uint32_t, 6> waiting_steps_s = {5, 30, 60, 300, 3600, 86400};

/// CLOSE_WAIT sockets of one owner.
struct WaitingOwner {
    std::string owner;     // unit, container, command or user; printable
    std::string process;   // "java (pid 4711)"; empty if none is known
    std::string end_point; // with most of them
    std::uint32_t total = 0;
    std::uint32_t leaked = 0;      // end of file read, not closed
    std::uint32_t unread = 0;      // end of file not read
    std::uint32_t unaccepted = 0;  // never accepted
    std::uint32_t half_closed = 0; // still sending: legitimate
    /// All but half-closed ones, at least as old as each step; none where ages are unknown.
    std::optional<std::array<std::uint32_t, waiting_steps_s.size()>> older;
    std::optional<double> oldest; // seconds, proven
};

struct ListenerQueue {
    std::string listener; // address and port
    std::string holder;   // "nginx.service, nginx (pid 812)"; empty if nobody looked
    std::uint32_t queue = 0;
    std::optional<std::uint32_t> limit; // none: only sock_diag tells it
    std::uint32_t established = 0;
    std::uint32_t syn_recv = 0;
};

struct NamespacePicture {
    NamespaceStates states;
    NamespacePorts ports;                                      // only the busiest destinations
    std::array<std::uint32_t, age_bin_count> time_wait_ages{}; // of connections that no listener here owns
    std::vector<WaitingOwner> close_wait;                      // most sockets first
    std::vector<ListenerQueue> queues;                         // that are not empty, longest first
    std::size_t listeners = 0;
    std::size_t owners_left_out = 0; // of CLOSE_WAIT
    std::size_t queues_left_out = 0;
};

struct Picture {
    std::vector<NamespacePicture> namespaces;
};

} // namespace facts
