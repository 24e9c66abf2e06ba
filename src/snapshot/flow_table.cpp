#include "snapshot/flow_table.h"

namespace snapshot {
void FlowTable::fetch_slot(std::uint64_t hash) const {
    if (!index_.empty()) {
        __builtin_prefetch(&index_[slot_of(hash)]);
    }
}

void FlowTable::fetch_flow(std::uint64_t hash) const {
    if (!index_.empty() && index_[slot_of(hash)] != none) {
        __builtin_prefetch(&flows_[index_[slot_of(hash)]], 1);
    }
}

void FlowTable::grow() {
    index_.assign(index_.empty() ? 64 : index_.size() * 2, none);
    for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
        std::size_t slot = slot_of(hash_of(flows_[flow]));
        while (index_[slot] != none) {
            slot = (slot + 1) & (index_.size() - 1);
        }
        index_[slot] = static_cast<std::uint32_t>(flow);
    }
}

FlowTable::Slot FlowTable::find_or_add(const Flow& wanted, std::uint64_t hash) {
    if (flows_.size() * 2 >= index_.size()) {
        grow();
    }
    std::size_t slot = slot_of(hash);
    for (; index_[slot] != none; slot = (slot + 1) & (index_.size() - 1)) {
        if (flows_[index_[slot]].same_as(wanted)) {
            return {index_[slot], false};
        }
    }
    if (flows_.size() >= limit_) {
        return {none, false};
    }
    const auto number = static_cast<std::uint32_t>(flows_.size());
    index_[slot] = number;
    flows_.push_back(wanted);
    return {number, true};
}

} // namespace snapshot
