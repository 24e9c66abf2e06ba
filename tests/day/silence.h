// Open connections whose peers have fallen silent: from the moment on at which one of them has something to
// send, it sends that again and again.
#pragma once

#include "snapshot/socket.h"
#include "tests/day/kernel_model.h"

#include <algorithm>
#include <cmath>

namespace day {

class Silence {
  public:
    /// One second goes by for so many open connections.
    void step(bool silent, std::size_t open, KernelModel& kernel) {
        lasts_ = silent ? lasts_ + 1 : std::max(0.7 * lasts_ - 1, 0.0);  // the next segment gets through
        const double again = 0.15 * static_cast<double>(retrying(open)); // the timeout doubles each time
        kernel.counted.segments_sent_again += kernel.random.events(again);
    }

    /// Of so many open connections those that have sent three times in vain.
    std::size_t retrying(std::size_t open) const {
        constexpr double third_time = 1.4;     // seconds
        constexpr double talkativeness = 0.03; // begins to send within a second
        const double share = 1 - std::exp(-talkativeness * std::max(lasts_ - third_time, 0.0));
        return static_cast<std::size_t>(share * static_cast<double>(open));
    }

    /// The kernel has given up on who began to send when it began (tcp_retries2).
    bool is_over() const { return lasts_ >= 924; }

    static void mark(snapshot::Socket& socket) {
        socket.timer = snapshot::Timer::retransmit;
        socket.retransmits = 5;
    }
    static void unmark(snapshot::Socket& socket) {
        socket.timer = snapshot::Timer::none;
        socket.retransmits = 0;
    }

  private:
    double lasts_ = 0;
};

} // namespace day
