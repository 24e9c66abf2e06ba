#include "snapshot/nat.h"

#include <algorithm>

namespace snapshot {

void NatTable::add(const NatEntry& entry) {
    constexpr std::size_t most = 65536;
    if (entry.client == entry.nat) {
        return;
    }
    const Address& nat = entry.nat.address;
    const Address& remote = entry.remote.address;
    const Key key{nat.high(), nat.low(), remote.high(), remote.low(), entry.remote.port};
    if (uses_.size() >= most && !uses_.contains(key)) {
        ++overflow_;
        return;
    }
    const auto [place, added] = uses_.try_emplace(key);
    NatUse& use = place->second;
    if (added) {
        use = {nat, entry.remote, 0, 0, entry.nat.port, entry.nat.port, entry.client.address, false};
    }
    ++use.ports;
    use.moved += entry.client.port != entry.nat.port ? 1 : 0;
    use.lowest = std::min(use.lowest, entry.nat.port);
    use.highest = std::max(use.highest, entry.nat.port);
    use.several_clients = use.several_clients || !(use.client == entry.client.address);
}

std::vector<NatUse> NatTable::uses() const {
    std::vector<NatUse> all;
    all.reserve(uses_.size());
    for (const auto& [key, use] : uses_) {
        all.push_back(use);
    }
    return all;
}

} // namespace snapshot
