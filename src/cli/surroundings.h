// What a process inherits from whoever starts it and must not rely on: signals that are blocked or kill, and
// standard streams that are closed. And its environment.
#pragma once

#include <string>

namespace cli {

/// No signal is blocked, and what ends a write is an error of it instead of a death: a closed pipe, a limit
/// of the size of files. A closed standard stream is held by what can be neither read nor written, so that no
/// file takes its number.
void set_up_surroundings();

/// A variable of the environment; empty if there is none.
std::string variable(const char* name);

} // namespace cli
