// From argv to the exit code: finds the command, keeps the promises about streams and exit codes, and catches
// what nobody else did.
#pragma once

#include <string>
#include <vector>

namespace cli {

int run(const std::vector<std::string>& argv);

} // namespace cli
