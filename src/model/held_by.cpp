#include "model/held_by.h"

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace model {
namespace {

constexpr std::string_view blocked = "blocked";

using Holder = std::pair<std::string, std::uint32_t>;

std::vector<Holder> holders_of(const facts::Destination& d) {
    std::vector<Holder> holders(d.states.begin(), d.states.end());
    for (auto& [state, ports] : holders) {
        if (state == "TIME_WAIT") {
            ports -= std::min(ports, d.reuse.reusable);
        }
    }
    holders.emplace_back(blocked, d.blocked);
    std::stable_sort(holders.begin(), holders.end(),
                     [](const Holder& a, const Holder& b) { return a.second > b.second; });
    return holders;
}

} // namespace

std::string held_by(const facts::Destination& destination) {
    constexpr std::size_t most_named = 2;
    constexpr std::uint64_t least_share = 10; // one in so many
    const std::uint64_t taken = std::uint64_t{destination.in_use} + destination.blocked;
    std::vector<std::string> parts;
    bool named_a_state = false;
    for (const auto& [holder, ports] : holders_of(destination)) {
        if (ports == 0 || parts.size() == most_named || ports * least_share < taken) {
            break;
        }
        const bool is_state = holder != blocked;
        const std::string_view verb = !is_state ? "" : named_a_state ? "by " : "held by ";
        parts.push_back(fmt::format("{} {}{}", ports, verb, holder));
        named_a_state = named_a_state || is_state;
    }
    return parts.empty() ? "none held" : base::join(parts, ", ");
}

} // namespace model
