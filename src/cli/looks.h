// Looking again and again: waiting between looks until a signal wants the program to end, and `check` as a
// service that needs no timer beside it. Knows nothing of what a look finds.
#pragma once

#include "cli/options.h"

#include <chrono>
#include <functional>
#include <poll.h>
#include <span>

namespace cli {

using Clock = std::chrono::steady_clock;

Clock::time_point after(double seconds);

/// SIGINT, SIGTERM and SIGHUP end the waiting instead of the program, SIGWINCH interrupts it.
void catch_signals();

/// As poll(2), until `end`; only here such signals arrive.
int wait_for_input(std::span<pollfd> inputs, Clock::time_point end);

/// Does a signal want the program to end?
bool must_end();

/// True once after the window changed.
bool was_resized();

/// Waits, without a terminal; false if a signal wants the program to end.
bool wait_or_end(Clock::time_point end);

/// Runs `look` every `options.interval_s` seconds, each time in a process of its own, which has a deadline
/// and gives up its capabilities as a single run does. A look that fails says so and does not end the others.
/// Returns 0 when a signal ends it, after the look that runs; 3 if no process can be made, or nobody reads
/// the answers.
int look_again_and_again(const Options& options, const std::function<int(const Options&)>& look);

} // namespace cli
