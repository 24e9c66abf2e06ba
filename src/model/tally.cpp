#include "model/tally.h"

#include <algorithm>
#include <numeric>

namespace model {
namespace {

using snapshot::State;

constexpr std::size_t fewest_busy = 16;
constexpr std::uint32_t always_busy = 64; // connections
constexpr std::size_t block_size = 4096;
constexpr std::uint8_t most_sources = 250;
constexpr std::uint8_t no_source = 255;
constexpr std::uint32_t not_tallied = 0xFFFFFFFF;

void count(Tally& tally, const snapshot::Record& record, const PortSpace& space, std::uint16_t reuse_age) {
    ++tally.connections;
    ++tally.states[static_cast<std::size_t>(record.state())];
    const State state = record.state();
    const bool eligible = space.eligible.test(record.port);
    const bool blocked = space.blocked.test(record.port);
    tally.held += eligible;
    tally.held_blocked += blocked;
    if (state == State::time_wait) {
        const std::size_t second = record.detail() * snapshot::age_unit_ms / 1000;
        ++tally.ages[std::min(second, age_bins - 1)];
        tally.held_time_wait += eligible;
        tally.reuse_ready += eligible && !blocked && record.detail() > reuse_age;
    } else if (state == State::syn_sent) {
        tally.syn_sent_retried += record.detail() >= 2;
    }
}

} // namespace

TallyBook::TallyBook(const snapshot::Census& census, const PortSpace& space, std::uint32_t reuse_delay_ms)
    : census_(census), space_(space),
      reuse_age_(
          static_cast<std::uint16_t>(std::min<std::uint32_t>(reuse_delay_ms / snapshot::age_unit_ms, 4095))) {
    rank_flows();
    number_sources();
    occupy();
    find_suspects();
}

void TallyBook::rank_flows() {
    const snapshot::FlowTable& flows = census_.flows();
    order_.resize(flows.size());
    std::iota(order_.begin(), order_.end(), 0);
    const auto busier = [&](std::uint32_t a, std::uint32_t b) {
        return flows[a].connections != flows[b].connections ? flows[a].connections > flows[b].connections
                                                            : a < b;
    };
    const auto quiet = std::partition(order_.begin(), order_.end(), [&](std::uint32_t flow) {
        return flows[flow].connections >= always_busy;
    });
    busy_count_ =
        std::max(static_cast<std::size_t>(quiet - order_.begin()), std::min(fewest_busy, order_.size()));
    const auto busy_end = order_.begin() + static_cast<std::ptrdiff_t>(busy_count_);
    if (busy_end > quiet) {
        std::partial_sort(order_.begin(), busy_end, order_.end(), busier);
    } else {
        std::sort(order_.begin(), busy_end, busier);
    }
    for (auto flow = busy_end; flow != order_.end(); ++flow) {
        quiet_most_ = std::max(quiet_most_, flows[*flow].connections);
    }
}

void TallyBook::number_sources() {
    const snapshot::FlowTable& flows = census_.flows();
    source_of_flow_.assign(flows.size(), no_source);
    std::size_t last = 0;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        const snapshot::Address& address = flows[flow].source;
        if (last >= sources_.size() || !(sources_[last].address == address)) {
            const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const SourceTally& source) {
                return source.address == address;
            });
            last = static_cast<std::size_t>(found - sources_.begin());
            if (found == sources_.end()) {
                if (sources_.size() >= most_sources) {
                    ++sources_dropped_;
                    continue;
                }
                sources_.push_back({});
                sources_.back().address = address;
            }
        }
        source_of_flow_[flow] = static_cast<std::uint8_t>(last);
        ++sources_[last].destinations;
    }
}

/// The one pass over all records: the busy flows' tallies, and who holds which port.
void TallyBook::occupy() {
    struct FlowPlace {
        std::uint32_t busy : 24; // `none` if it is not
        std::uint32_t source : 8;
    };
    constexpr std::uint32_t none = 0xFFFFFF; // there are fewer flows than that
    busy_.resize(busy_count_);
    std::vector<FlowPlace> place(census_.flows().size());
    for (std::size_t flow = 0; flow < place.size(); ++flow) {
        place[flow] = {none, source_of_flow_[flow]};
    }
    for (std::size_t i = 0; i < busy_count_; ++i) {
        place[order_[i]].busy = static_cast<std::uint32_t>(i) & none;
    }
    snapshot::PortSet countable = ports_of(space_.range);
    for (const auto& [port, counts] : census_.services()) {
        countable.reset(port);
    }
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const snapshot::Record& record = census_.record(i);
        if (!countable.test(record.port)) {
            continue;
        }
        const FlowPlace of = place[record.flow];
        if (of.busy != none) {
            count(busy_[of.busy], record, space_, reuse_age_);
        }
        if (of.source != no_source) {
            SourceTally& source = sources_[of.source];
            ++source.connections;
            if (source.ports.test(record.port)) {
                source.shared.set(record.port);
            } else {
                source.ports.set(record.port);
            }
        } else if (space_.eligible.test(record.port)) {
            occupation_.ports.set(record.port);
        }
    }
    for (const SourceTally& source : sources_) {
        occupation_.ports |= source.ports & space_.eligible;
    }
}

/// connect() takes ports of odd offset once a destination fills half of the range. So does
/// IP_LOCAL_PORT_RANGE, and then many of them are shared by two remotes, which bind() with port 0 never does.
bool TallyBook::parity_tells(const snapshot::PortSet& shared) const {
    if (std::any_of(busy_.begin(), busy_.end(),
                    [&](const Tally& tally) { return tally.held * 2 > space_.range.size(); })) {
        return false;
    }
    std::uint32_t odd_and_shared = 0;
    for (std::size_t port = shared._Find_first(); port < shared.size(); port = shared._Find_next(port)) {
        odd_and_shared += (port - space_.range.low) % 2 == 1;
    }
    return odd_and_shared <= occupation_.suspects;
}

/// kernel-model 3.3: connect() takes ports of even offset first, bind() with port 0 those of odd offset, and
/// bind() never shares a port of one address.
void TallyBook::find_suspects() {
    snapshot::PortSet shared;
    for (const SourceTally& source : sources_) {
        shared |= source.shared;
    }
    const snapshot::PortSet unclear = occupation_.ports & ~space_.blocked;
    occupation_.unclear = static_cast<std::uint32_t>(unclear.count());
    const snapshot::PortSet candidates = unclear & ~shared;
    for (std::size_t port = candidates._Find_first(); port < candidates.size();
         port = candidates._Find_next(port)) {
        if ((port - space_.range.low) % 2 == 1) {
            occupation_.suspect.set(port);
            ++occupation_.suspects;
        }
    }
    if (!parity_tells(shared & space_.eligible)) {
        occupation_.suspect.reset();
        occupation_.suspects = 0;
    }
    if (occupation_.suspects > 0) {
        count_suspects();
    }
}

std::vector<std::uint32_t> TallyBook::places(std::size_t first, std::size_t count_of_flows) const {
    std::vector<std::uint32_t> place(census_.flows().size(), not_tallied);
    for (std::size_t i = 0; i < count_of_flows; ++i) {
        place[order_[first + i]] = static_cast<std::uint32_t>(i);
    }
    return place;
}

void TallyBook::count_suspects() {
    const std::vector<std::uint32_t> place = places(0, busy_count_);
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const snapshot::Record& record = census_.record(i);
        if (place[record.flow] != not_tallied) {
            busy_[place[record.flow]].suspect += occupation_.suspect.test(record.port);
        }
    }
}

void TallyBook::fill(std::size_t first, std::size_t count_of_flows, std::vector<Tally>& into) const {
    into.assign(count_of_flows, {});
    const std::vector<std::uint32_t> place = places(first, count_of_flows);
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const snapshot::Record& record = census_.record(i);
        if (place[record.flow] == not_tallied || !space_.range.contains(record.port) ||
            census_.services().contains(record.port)) {
            continue;
        }
        Tally& tally = into[place[record.flow]];
        count(tally, record, space_, reuse_age_);
        tally.suspect += occupation_.suspect.test(record.port);
    }
}

const Tally& TallyBook::tally(std::size_t place) const {
    if (place < busy_count_) {
        return busy_[place];
    }
    if (block_.empty() || place < block_start_ || place >= block_start_ + block_.size()) {
        block_start_ = busy_count_ + (place - busy_count_) / block_size * block_size;
        fill(block_start_, std::min(block_size, order_.size() - block_start_), block_);
    }
    return block_[place - block_start_];
}

} // namespace model
