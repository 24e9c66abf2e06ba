// Flows (source, destination, destination port, device) by number: an open-addressed index over chunked
// storage, because a big host has 100 000 of them and every socket of a dump asks for one. Knows no state and
// no range.
#pragma once

#include "snapshot/address.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace snapshot {

struct Flow {
    Address source;
    Address remote;
    std::uint32_t device = 0;
    std::uint32_t connections = 0; // sockets of this flow in any state
    std::uint16_t remote_port = 0;

    bool same_as(const Flow& other) const {
        return remote == other.remote && source == other.source && remote_port == other.remote_port &&
               device == other.device;
    }
};

/// Storage that grows by chunks, so that growing neither moves nor doubles it; only the first one begins
/// small.
template <typename T, std::size_t chunk_size>
class Chunks {
    static_assert(std::has_single_bit(chunk_size) &&
                  chunk_size >= 128); // the first chunk grows from a small one

  public:
    std::size_t size() const { return size_; }
    T& operator[](std::size_t at) { return chunks_[at / chunk_size][at % chunk_size]; }
    const T& operator[](std::size_t at) const { return chunks_[at / chunk_size][at % chunk_size]; }
    void push_back(const T& item) {
        if (size_ == room_) {
            grow();
        }
        (*this)[size_++] = item;
    }

  private:
    void grow() {
        constexpr std::size_t smallest = chunk_size / 128;
        const bool is_first = room_ < chunk_size;
        const std::size_t size = is_first ? std::max(2 * room_, smallest) : chunk_size;
        auto chunk = std::make_unique_for_overwrite<T[]>(size);
        if (is_first && !chunks_.empty()) {
            std::copy_n(chunks_.front().get(), size_, chunk.get());
            chunks_.clear();
        }
        chunks_.push_back(std::move(chunk));
        room_ = is_first ? size : room_ + size;
    }

    std::vector<std::unique_ptr<T[]>> chunks_;
    std::size_t size_ = 0;
    std::size_t room_ = 0;
};

class FlowTable {
  public:
    /// `seed` keeps remote hosts from choosing addresses that collide. At most `limit` flows are kept.
    FlowTable(std::uint64_t seed, std::size_t limit) : seed_(seed), limit_(limit) {}

    static constexpr std::uint32_t none = 0xFFFFFFFF;
    struct Slot {
        std::uint32_t flow; // `none` when the table is full
        bool added;
    };
    /// The number of the flow with the key of `wanted`, which is added if it is new. `hash` is
    /// hash_of(wanted).
    Slot find_or_add(const Flow& wanted, std::uint64_t hash);
    Slot find_or_add(const Flow& wanted) { return find_or_add(wanted, hash_of(wanted)); }

    std::uint64_t hash_of(const Flow& flow) const;
    /// Have the processor fetch what find_or_add will read: first the slot, some time later the flow.
    void fetch_slot(std::uint64_t hash) const;
    void fetch_flow(std::uint64_t hash) const;

    std::size_t size() const { return flows_.size(); }
    Flow& operator[](std::size_t at) { return flows_[at]; }
    const Flow& operator[](std::size_t at) const { return flows_[at]; }

  private:
    std::size_t slot_of(std::uint64_t hash) const { return hash & (index_.size() - 1); }
    void grow();

    Chunks<Flow, 1024> flows_;
    std::vector<std::uint32_t> index_; // a power of two, at most half full
    std::uint64_t seed_;
    std::size_t limit_;
};

/// Folded 64 x 64 -> 128 bit multiplication.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t FlowTable::hash_of(const Flow& flow) const {
    const std::uint64_t port = (static_cast<std::uint64_t>(flow.device) << 16) | flow.remote_port;
    const std::uint64_t low = fold(flow.remote.low() ^ seed_, flow.source.low() ^ 0x9E3779B97F4A7C15U ^ port);
    return fold(low ^ flow.remote.high(), flow.source.high() ^ 0xD6E8FEB86659FD93U ^ seed_);
}

} // namespace snapshot
