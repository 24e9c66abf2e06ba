// How fast numbers of long-lived sockets grow: lastingly, so that a wave of reconnects is no trend. And the
// sample that this run leaves for the next ones.
#pragma once

#include "facts/table.h"
#include "model/rates.h"
#include "snapshot/history.h"
#include "snapshot/host.h"

#include <cstdint>
#include <string_view>

namespace model {

class Growth {
  public:
    Growth() = default;
    /// `history` is that of the namespace, or null.
    /// `near` and `far`: the least length of the two times that are compared, in seconds.
    Growth(const snapshot::SpaceHistory* history, double uptime, double near = shortest_interval,
           double far = 240);

    bool known() const { return far_ != nullptr; }

    /// Sockets per second: the lower of the growth in the near time and in the far one before it. Only if it
    /// is known.
    double per_second(std::uint64_t key, std::uint32_t now) const;

  private:
    const snapshot::Sample* near_ = nullptr;
    const snapshot::Sample* far_ = nullptr;
    double uptime_ = 0;
};

/// The connections of a destination that stay: all but TIME_WAIT and attempts.
std::uint64_t level_key_of_destination(std::string_view source, std::string_view remote,
                                       std::uint32_t device);
/// Sockets that are in no table.
std::uint64_t level_key_of_dead_sockets();
/// CLOSE_WAIT sockets of an owner that cost a descriptor.
std::uint64_t level_key_of_owner(std::string_view owner);

/// Counters, the busiest destinations and the owners of CLOSE_WAIT sockets.
snapshot::Sample sample_of(const snapshot::Namespace& space, const facts::NamespaceFacts& facts,
                           double uptime);

} // namespace model
