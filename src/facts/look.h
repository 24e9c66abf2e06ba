// What one look of `tcpadvisor watch` shows beside the findings: numbers of now, and what moved since the
// last look. Plain data.
#pragma once

#include "facts/ports.h"
#include "facts/states.h"

#include <optional>
#include <string_view>
#include <vector>

namespace facts {

/// How fast a counter grew since the last look.
struct Movement {
    std::string_view what; // "refused by a full accept queue"
    double per_second = 0;
};

struct NamespaceLook {
    NamespaceStates states;
    NamespacePorts ports;
    std::vector<Movement> movements; // of what moved
};

struct Look {
    double seconds = 0; // since the last look; 0: this is the first
    std::vector<NamespaceLook> namespaces;
};

} // namespace facts
