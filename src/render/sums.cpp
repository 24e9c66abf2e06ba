#include "render/sums.h"

#include <algorithm>
#include <string>

namespace render {

std::optional<std::uint64_t> sum(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
    return a && b ? std::optional(*a + *b) : std::nullopt;
}

std::vector<facts::StateCount> known_states(const facts::NamespaceStates& space) {
    std::vector<facts::StateCount> states = space.states;
    if (space.unknown) {
        for (facts::StateCount& state : states) {
            state.ipv4.reset();
            state.ipv6.reset();
        }
    }
    return states;
}

std::vector<facts::StateCount> sum_states(const std::vector<facts::NamespaceStates>& spaces) {
    std::vector<facts::StateCount> total;
    for (const facts::NamespaceStates& space : spaces) {
        for (const facts::StateCount& count : known_states(space)) {
            const auto known = std::find_if(total.begin(), total.end(),
                                            [&](const facts::StateCount& c) { return c.name == count.name; });
            if (known == total.end()) {
                total.push_back(count);
            } else {
                known->ipv4 = sum(known->ipv4, count.ipv4);
                known->ipv6 = sum(known->ipv6, count.ipv6);
            }
        }
    }
    return total;
}

facts::Sockstat sum_sockstat(const std::vector<facts::NamespaceStates>& spaces) {
    if (spaces.empty()) {
        return {};
    }
    facts::Sockstat total = spaces.front().sockstat;
    for (std::size_t i = 1; i < spaces.size(); ++i) {
        const facts::Sockstat& part = spaces[i].sockstat;
        total.in_use = sum(total.in_use, part.in_use);
        total.in_use6 = sum(total.in_use6, part.in_use6);
        total.time_wait = sum(total.time_wait, part.time_wait);
    }
    return total;
}

std::vector<base::Gap> gaps_of(const facts::NamespaceStates& space) {
    std::vector<base::Gap> gaps = space.gaps;
    if (space.unknown) {
        gaps.insert(gaps.begin(), *space.unknown);
        return gaps;
    }
    for (const facts::StateCount& state : space.states) {
        const bool named = std::any_of(gaps.begin(), gaps.end(), [&](const base::Gap& gap) {
            return gap.what.find(state.name) != std::string::npos;
        });
        if ((!state.ipv4 || !state.ipv6) && !named) {
            gaps.push_back({std::string(state.name), base::Why::not_collected, ""});
        }
    }
    return gaps;
}

} // namespace render
