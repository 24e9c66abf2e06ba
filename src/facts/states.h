// Connections by state: the answer of `tcpadvisor states`. Plain data.
#pragma once

#include "base/gap.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace facts {

struct StateCount {
    std::string_view name;             // netstat's: "TIME_WAIT"
    std::optional<std::uint64_t> ipv4; // none: not collected
    std::optional<std::uint64_t> ipv6;
};

/// /proc/net/sockstat and sockstat6: what `ss -s` sums up. `orphan`, `allocated` and `memory` are the whole
/// host's.
struct Sockstat {
    std::optional<std::uint64_t> in_use;
    std::optional<std::uint64_t> in_use6;
    std::optional<std::uint64_t> orphan;
    std::optional<std::uint64_t> time_wait; // with orphaned FIN_WAIT2
    std::optional<std::uint64_t> allocated;
    std::optional<std::uint64_t> memory; // pages
};

struct NamespaceStates {
    std::string label;
    std::uint64_t id = 0;
    std::vector<StateCount> states; // in the order of a connection's life, every name always
    std::string source;             // "sock_diag" or "procfs"
    Sockstat sockstat;
    /// The socket table could not be read: the counts are void or incomplete.
    std::optional<base::Gap> unknown;
    std::vector<base::Gap> gaps;
};

} // namespace facts
