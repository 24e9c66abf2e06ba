// What connect() decides before it looks for a local port: the address it comes from, or that there is none.
// As the kernel told it; what it means for a reader is the model's question.
#pragma once

#include "snapshot/address.h"

#include <cstdint>
#include <optional>
#include <string>

namespace snapshot {

/// A connection that somebody wants to make.
struct RouteQuery {
    Address remote;
    std::optional<Address> from = {}; // that bind() is called with; none: routing chooses
    std::uint32_t device = 0;         // number of the interface, 0 for any
};

struct Route {
    enum class Step { none, bind, connect };
    std::optional<Address> source = {}; // none: it fails
    Step failed = Step::none;
    std::string error = {}; // "ENETUNREACH"
};

} // namespace snapshot
