// A machine for one network namespace, with the name that people know it by.
#pragma once

#include "kernel/machine.h"

#include <cstdint>
#include <memory>
#include <string>

namespace kernel {

struct Place {
    std::string label;
    std::uint64_t id = 0; // inode of the namespace file, 0 if unknown
    std::unique_ptr<Machine> machine;
};

} // namespace kernel
