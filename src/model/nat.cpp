#include "model/tables.h"

#include <algorithm>

namespace model {
namespace {

using facts::Basis;
using facts::Value;
using snapshot::NatUse;

/// Without a range in the rule the kernel gives out ports from 1024 on (Linux 6.18,
/// nf_nat_l4proto_unique_tuple()); a client's port that is free it leaves as it is.
constexpr double without_range = 65536 - 1024;

double range_of(const NatUse& use) {
    const double span = use.highest - use.lowest + 1.0;
    const bool mostly_moved = use.moved * 2 >= use.ports;
    const bool dense = use.several_clients && use.ports * 10.0 >= span * 9;
    return mostly_moved || dense ? std::max<double>(span, use.ports) : without_range;
}

constexpr auto nat_getters = std::to_array<Getter<NatUse>>({
    {"nat_address", [](const NatUse& n) { return Value(n.nat.to_text()); }},
    {"remote",
     [](const NatUse& n) { return Value(snapshot::end_point_text(n.remote.address, n.remote.port)); }},
    {"nat_ports", [](const NatUse& n) { return number(n.ports); }},
    {"nat_moved", [](const NatUse& n) { return number(n.moved); }},
    {"nat_low", [](const NatUse& n) { return number(n.lowest); }},
    {"nat_high", [](const NatUse& n) { return number(n.highest); }},
    {"nat_range", [](const NatUse& n) { return Value(range_of(n), Basis::inferred); }},
    {"nat_used_percent", [](const NatUse& n) { return Value(100 * n.ports / range_of(n), Basis::inferred); }},
});
static_assert(follows(facts::nat_columns, nat_getters));

} // namespace

std::unique_ptr<facts::Table> nat_table(const snapshot::Netns& netns) {
    std::optional<base::Gap> incomplete;
    if (!netns.nat) {
        incomplete = netns.nat.error();
        const bool was_read = incomplete->why == base::Why::failed || incomplete->why == base::Why::truncated;
        if (!was_read) { // no fault of the host: most have no NAT, and few checks may read conntrack
            incomplete->why = base::Why::absent;
        }
        if (incomplete->detail.empty()) {
            incomplete->detail = "only a report, or a check that names the rule, looks for it";
        }
    } else if (netns.nat->overflow() > 0) {
        incomplete = base::Gap{"what source NAT has given out", base::Why::truncated, "too many remote ends"};
    }
    return std::make_unique<RowTable<NatUse>>(
        facts::TableId::nat, netns.nat ? netns.nat->uses() : std::vector<NatUse>(), nat_getters, incomplete);
}

} // namespace model
