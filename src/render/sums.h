// Sums over the states of several namespaces. A sum with an unknown part is unknown.
#pragma once

#include "facts/states.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace render {

/// None if either part is.
std::optional<std::uint64_t> sum(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b);

/// The counts of a namespace; all of them unknown if its socket table could not be read.
std::vector<facts::StateCount> known_states(const facts::NamespaceStates& space);

/// Every state over all namespaces, in the order of the first.
std::vector<facts::StateCount> sum_states(const std::vector<facts::NamespaceStates>& spaces);

/// The per-namespace figures added up; those that are the whole host's taken once.
facts::Sockstat sum_sockstat(const std::vector<facts::NamespaceStates>& spaces);

/// The gaps of a namespace, with one for each count that is missing and that none of them names.
std::vector<base::Gap> gaps_of(const facts::NamespaceStates& space);

} // namespace render
