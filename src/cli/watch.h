// The terminal as a picture that is drawn again and again: its own screen, no cursor, keys as they are
// pressed. What it changes it changes back, also when a signal ends the program.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace cli {

class Screen {
  public:
    /// Standard input and output must be terminals.
    static bool possible();

    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    struct Size {
        std::size_t columns = 80;
        std::size_t lines = 24;
    };
    Size size() const;

    base::Status draw(const std::vector<std::string>& lines);

    enum class Event { time_is_up, resized, quit };
    /// Waits for so long, or until the window changes, q is pressed, or a signal wants the program to end.
    Event wait(double seconds);
};

/// Waits for so long, without a terminal; false if a signal wants the program to end.
bool wait_or_end(double seconds);

/// SIGINT and SIGTERM end the waiting instead of the program, SIGWINCH interrupts it.
void catch_signals();

} // namespace cli
