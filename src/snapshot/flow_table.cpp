#include "snapshot/flow_table.h"

namespace snapshot {
namespace {

/// Folded 64 x 64 -> 128 bit multiplication.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

} // namespace

std::uint64_t FlowTable::hash_of(const Flow& flow) const {
    const std::uint64_t port = (static_cast<std::uint64_t>(flow.device) << 16) | flow.remote_port;
    const std::uint64_t low = mix(flow.remote.low() ^ seed_, flow.source.low() ^ 0x9E3779B97F4A7C15U ^ port);
    return mix(low ^ flow.remote.high(), flow.source.high() ^ 0xD6E8FEB86659FD93U ^ seed_);
}

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

FlowTable::Place FlowTable::find_or_add(const Flow& wanted, std::uint64_t hash) {
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

std::uint32_t FlowTable::find(const Flow& wanted) const {
    if (index_.empty()) {
        return none;
    }
    for (std::size_t slot = slot_of(hash_of(wanted)); index_[slot] != none; slot = (slot + 1) & (index_.size() - 1)) {
        if (flows_[index_[slot]].same_as(wanted)) {
            return index_[slot];
        }
    }
    return none;
}

} // namespace snapshot
