// The local ports of one source and destination, given out as connect() does it: any free one at an even
// offset from the low end of the range, and the others only when those are gone (docs/kernel-model.md, 1.2).
#pragma once

#include "snapshot/sysctls.h"
#include "tests/day/random.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

namespace day {

class PortPool {
  public:
    explicit PortPool(snapshot::PortRange range) { change_range(range); }

    /// Ports that are in use stay so; those outside the new range are not given out again.
    void change_range(snapshot::PortRange range) {
        range_ = range;
        for (std::vector<std::uint16_t>& ports : free_) {
            ports.clear();
        }
        for (std::uint32_t port = range.low; port <= range.high; ++port) {
            if (!used_.test(port)) {
                free_[(port - range.low) % 2].push_back(static_cast<std::uint16_t>(port));
            }
        }
    }

    /// None if no port is free.
    std::optional<std::uint16_t> take(Random& random) {
        for (std::vector<std::uint16_t>& ports : free_) {
            if (ports.empty()) {
                continue;
            }
            const std::uint16_t port =
                std::exchange(ports[random.below(static_cast<std::uint32_t>(ports.size()))], ports.back());
            ports.pop_back();
            used_.set(port);
            return port;
        }
        return std::nullopt;
    }

    void give_back(std::uint16_t port) {
        used_.reset(port);
        if (range_.contains(port)) {
            free_[static_cast<std::size_t>(port - range_.low) % 2].push_back(port);
        }
    }

  private:
    snapshot::PortRange range_;
    std::bitset<65536> used_;
    std::array<std::vector<std::uint16_t>, 2> free_;
};

} // namespace day
