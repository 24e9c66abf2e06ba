#include "model/tally.h"

#include "model/suspects.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>
#include <vector>

namespace model {

namespace {

using snapshot::Census;

/// The bind bucket of such a port has fastreuse or fastreuseport >= 0, whatever its address and family.
snapshot::PortSet blocked_for_sure(const Census& census) {
    snapshot::PortSet ports;
    for (const snapshot::Listener& listener : census.listeners()) {
        ports.set(listener.port);
    }
    if (const snapshot::PortSet* explicit_ports = census.explicit_ports()) {
        ports |= *explicit_ports;
    }
    if (const snapshot::PortSet* bound_ports = census.bound_ports()) {
        ports |= *bound_ports;
    }
    return ports;
}

/// Ports of accepted children, which keep the bucket of the listener that is gone. Clients that share a port
/// go to few ports; the clients of a service come from many.
snapshot::PortSet services_of(const Census& census) {
    constexpr std::size_t many = 256;
    std::map<std::uint16_t, std::set<std::uint16_t>> remote_ports;
    for (std::size_t i = 0; i < census.record_count() && !census.services().empty(); ++i) {
        const snapshot::SocketRecord& record = census.record(i);
        if (census.services().contains(record.port)) {
            remote_ports[record.port].insert(census.flows()[record.flow].remote_port);
        }
    }
    snapshot::PortSet services;
    for (const auto& [port, of_remotes] : remote_ports) {
        services[port] = of_remotes.size() >= many;
    }
    return services;
}

std::vector<bool> flows_off_route(const snapshot::Netns& netns) {
    if (netns.routed_sources.empty()) {
        return {};
    }
    const snapshot::FlowTable& flows = netns.sockets.flows();
    std::vector<bool> off_route(flows.size());
    for (std::size_t flow = 0; flow < off_route.size(); ++flow) {
        const auto routed = netns.routed_sources.find(flows[flow].remote.to_text());
        off_route[flow] = routed != netns.routed_sources.end() && !(routed->second == flows[flow].source);
    }
    return off_route;
}

/// Ports of sockets that bound an address and may have been bound early. A port that a flow on its route
/// holds as well may be early for that one's sake, and connect() would not have shared it.
snapshot::PortSet bound_by_address(const Census& census, const std::vector<bool>& off_route) {
    snapshot::PortSet ports;
    if (off_route.empty() || census.early_ports() == nullptr) {
        return ports;
    }
    snapshot::PortSet on_route;
    for (std::size_t i = 0; i < census.record_count(); ++i) {
        const snapshot::SocketRecord& record = census.record(i);
        (off_route[record.flow] ? ports : on_route).set(record.port);
    }
    return ports & ~on_route & *census.early_ports();
}

} // namespace

snapshot::PortSet ports_of(const snapshot::PortRange& range) {
    const std::size_t beyond = snapshot::PortSet().size() - range.size();
    return (~snapshot::PortSet() >> beyond) << range.low; // a word at a time
}

snapshot::Reading<EphemeralPorts> ephemeral_ports(const snapshot::Netns& netns,
                                                  const snapshot::Sysctls& sysctls) {
    const auto range = sysctls.port_range();
    if (!range) {
        return range.error();
    }
    const auto reserved = sysctls.reserved_ports();
    if (!reserved && reserved.error().why != base::Why::absent) {
        return reserved.error();
    }
    EphemeralPorts result;
    result.range = *range;
    const auto running = netns.sysctls.port_range();
    result.parity_low = running ? running->low : range->low;
    result.reuse_mode = netns.sysctls.integer("net.ipv4.tcp_tw_reuse").value_or(0);
    result.eligible = ports_of(*range) & ~reserved.value_or({});
    result.usable = static_cast<std::uint32_t>(result.eligible.count());
    result.reserved = range->size() - result.usable;
    result.blocked = blocked_for_sure(netns.sockets) & result.eligible;
    result.services = services_of(netns.sockets);
    result.blocked_count = static_cast<std::uint32_t>(result.blocked.count());
    result.off_route = flows_off_route(netns);
    result.probably_bound = bound_by_address(netns.sockets, result.off_route) & result.eligible;
    result.explicit_known = netns.sockets.explicit_ports() != nullptr;
    result.bound_known = netns.sockets.bound_ports() != nullptr;
    if (result.bound_known) {
        result.hidden_bound = 0;
    } else if (const auto outside = snapshot::sockets_outside_tables(netns.counters)) {
        result.hidden_bound = static_cast<std::uint32_t>(std::min<std::uint64_t>(*outside, 65536));
    }
    return result;
}

namespace {

using snapshot::TcpState;

constexpr std::size_t fewest_busy = 16;
constexpr std::uint32_t always_busy = 64; // connections
constexpr std::uint8_t most_sources = 250;
constexpr std::uint8_t no_source = 255;
constexpr std::uint32_t not_tallied = 0xFFFFFFFF;

} // namespace

TallyBook::TallyBook(const snapshot::Census& census, const EphemeralPorts& ports, const ReuseDelay& delay)
    : census_(census), ports_(ports),
      ready_age_(static_cast<std::uint16_t>(delay.most / snapshot::age_unit_ms)) {
    if (census.record_count() == 0) {
        return; // nobody holds anything
    }
    describe_ports();
    rank_flows();
    number_sources();
    find_siblings();
    occupy();
    find_suspects();
    if (occupation_.doubts > 0) {
        mark_busy();
    }
}

void TallyBook::describe_ports() {
    port_bits_.resize(snapshot::PortSet().size());
    for (std::size_t port = ports_.range.low; port <= ports_.range.high; ++port) {
        const bool usable = ports_.eligible.test(port);
        const bool counts = !ports_.services.test(port);
        port_bits_[port] = static_cast<std::uint8_t>((counts ? countable : 0) | (usable ? eligible : 0) |
                                                     (ports_.blocked.test(port) ? blocked : 0));
    }
}

/// A TIME_WAIT on a port that is blocked for everyone is not reused either. Its timer begins anew at a
/// segment out of the window (kernel: tcp_timewait_state_process()), so that it may be older than it looks.
PortCounts Tally::*TallyBook::part_of(const snapshot::SocketRecord& record) const {
    if (record.state() != TcpState::time_wait || (port_bits_[record.port] & blocked) != 0) {
        return &Tally::fixed;
    }
    return record.detail() > ready_age_ ? &Tally::ready : &Tally::perhaps;
}

void TallyBook::count(Tally& tally, const snapshot::SocketRecord& record) const {
    const TcpState state = record.state();
    ++tally.connections;
    ++tally.states[static_cast<std::size_t>(state)];
    const std::uint8_t bits = port_bits_[record.port];
    const bool usable = (bits & eligible) != 0;
    PortCounts& held = tally.*part_of(record);
    held.ports += usable;
    held.blocked += (bits & blocked) != 0;
    if (state == TcpState::time_wait) {
        ++tally.ages[std::min(age_seconds(record), age_bins - 1)];
        tally.time_wait_ports += usable;
    } else if (state == TcpState::syn_sent) {
        tally.syn_sent_retried += record.detail() >= 2;
    } else if (state == TcpState::established) {
        const unsigned retransmits = record.detail() % snapshot::retrying_long;
        tally.established_retrying += retransmits >= snapshot::unanswered_retransmits;
        tally.retrying_long += record.detail() >= snapshot::retrying_long;
    }
}

void TallyBook::mark(Tally& tally, const snapshot::SocketRecord& record) const {
    PortCounts& held = tally.*part_of(record);
    held.suspect += occupation_.suspect.test(record.port);
    held.doubted += occupation_.doubted.test(record.port);
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
    struct FlowSlot {
        std::uint32_t busy : 24; // `none` if it is not
        std::uint32_t source : 8;
    };
    constexpr std::uint32_t none = 0xFFFFFF; // there are fewer flows than that
    busy_.resize(busy_count_);
    std::vector<FlowSlot> slot(census_.flows().size());
    for (std::size_t flow = 0; flow < slot.size(); ++flow) {
        slot[flow] = {none, source_of_flow_[flow]};
    }
    for (std::size_t i = 0; i < busy_count_; ++i) {
        slot[order_[i]].busy = static_cast<std::uint32_t>(i) & none;
    }
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const snapshot::SocketRecord& record = census_.record(i);
        if (!is_countable(record.port)) {
            continue;
        }
        const FlowSlot of = slot[record.flow];
        if (of.busy != none) {
            count(busy_[of.busy], record);
        }
        if (of.source != no_source) {
            SourceTally& source = sources_[of.source];
            ++source.connections;
            if (source.ports.test(record.port)) {
                source.shared.set(record.port);
            } else {
                source.ports.set(record.port);
            }
        } else if ((port_bits_[record.port] & eligible) != 0) {
            occupation_.ports.set(record.port);
        }
    }
    for (const SourceTally& source : sources_) {
        occupation_.ports |= source.ports & ports_.eligible;
    }
    for (const auto& [port, counts] : census_.services()) {
        occupation_.ports[port] = ports_.eligible[port];
    }
}

Ages TallyBook::ages_of_source(std::size_t number) const {
    Ages ages{};
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const snapshot::SocketRecord& record = census_.record(i);
        if (record.state() == TcpState::time_wait && source_of_flow_[record.flow] == number &&
            (port_bits_[record.port] & (countable | eligible)) == (countable | eligible) &&
            !sources_[number].shared.test(record.port)) {
            ++ages[std::min(age_seconds(record), age_bins - 1)];
        }
    }
    return ages;
}

void TallyBook::mark_busy() {
    std::vector<std::uint32_t> place(census_.flows().size(), not_tallied);
    for (std::size_t i = 0; i < busy_count_; ++i) {
        place[order_[i]] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const snapshot::SocketRecord& record = census_.record(i);
        if (place[record.flow] != not_tallied && is_countable(record.port)) {
            mark(busy_[place[record.flow]], record);
        }
    }
}

void TallyBook::sort_records() const {
    begin_of_flow_.resize(census_.flows().size() + 1);
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        ++begin_of_flow_[census_.record(i).flow];
    }
    std::partial_sum(begin_of_flow_.begin(), begin_of_flow_.end(), begin_of_flow_.begin());
    by_flow_.resize(census_.record_count());
    for (std::size_t i = census_.record_count(); i-- > 0;) {
        by_flow_[--begin_of_flow_[census_.record(i).flow]] = static_cast<std::uint32_t>(i);
    }
}

/// In the order of the census.
template <typename F>
void TallyBook::for_each_record(std::uint32_t flow, F use) const {
    if (begin_of_flow_.empty()) {
        sort_records();
    }
    // cppcheck-suppress containerOutOfBounds ; sort_records() has filled it
    for (std::uint32_t i = begin_of_flow_[flow]; i < begin_of_flow_[flow + 1]; ++i) {
        use(census_.record(by_flow_[i]));
    }
}

void TallyBook::find_siblings() {
    const snapshot::FlowTable& flows = census_.flows();
    std::vector<std::uint32_t> with_device;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        if (flows[flow].device != 0) {
            with_device.push_back(static_cast<std::uint32_t>(flow));
        }
    }
    if (with_device.empty()) {
        return;
    }
    std::unordered_multimap<std::uint64_t, std::uint32_t> without;
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        if (flows[flow].device == 0) {
            without.emplace(flows.hash_of(flows[flow]), static_cast<std::uint32_t>(flow));
        }
    }
    for (const std::uint32_t flow : with_device) {
        snapshot::Flow wanted = flows[flow];
        wanted.device = 0;
        const auto [first, last] = without.equal_range(flows.hash_of(wanted));
        const auto same =
            std::find_if(first, last, [&](const auto& found) { return flows[found.second].same_as(wanted); });
        if (same != last) {
            siblings_.emplace(flow, same->second);
        }
    }
}

/// A port is as fixed as the most fixed socket on it.
Tally TallyBook::merged(Tally tally, std::uint32_t flow, std::uint32_t sibling) const {
    snapshot::PortSet fixed;
    snapshot::PortSet perhaps;
    snapshot::PortSet ready;
    snapshot::PortSet live;
    const auto add = [&](const snapshot::SocketRecord& record) {
        if (!is_countable(record.port)) {
            return;
        }
        // Mode 2 goes by the device of the old socket: whether that of the other flow is reusable is not
        // known here. On a blocked port it makes no difference.
        const bool doubtful = record.flow == sibling && record.state() == TcpState::time_wait &&
                              (port_bits_[record.port] & blocked) == 0;
        const PortCounts Tally::*part = doubtful ? &Tally::perhaps : part_of(record);
        (part == &Tally::fixed ? fixed : part == &Tally::perhaps ? perhaps : ready).set(record.port);
        live[record.port] = live[record.port] || record.state() != TcpState::time_wait;
    };
    if (flow != snapshot::FlowTable::none) {
        for_each_record(flow, add);
    }
    for_each_record(sibling, add);
    const auto held = [&](const snapshot::PortSet& all) {
        const snapshot::PortSet ports = all & ports_.eligible;
        const auto number = [&](const snapshot::PortSet& of) {
            return static_cast<std::uint32_t>((ports & of).count());
        };
        return PortCounts{number(ports), number(ports_.blocked), number(occupation_.suspect),
                          number(occupation_.doubted)};
    };
    tally.fixed = held(fixed);
    tally.perhaps = held(perhaps & ~fixed);
    tally.ready = held(ready & ~fixed & ~perhaps);
    tally.time_wait_ports = held((fixed | perhaps | ready) & ~live).ports;
    return tally;
}

Tally TallyBook::tally(std::size_t place) const {
    const auto sibling = siblings_.empty() ? siblings_.end() : siblings_.find(order_[place]);
    if (sibling == siblings_.end()) {
        return own_tally(place);
    }
    const auto known = merged_.find(place);
    return known != merged_.end()
               ? known->second
               : merged_.emplace(place, merged(own_tally(place), sibling->first, sibling->second))
                     .first->second;
}

Tally TallyBook::own_tally(std::size_t place) const {
    if (place < busy_count_) {
        return busy_[place];
    }
    Tally tally;
    for_each_record(order_[place], [&](const snapshot::SocketRecord& record) {
        if (is_countable(record.port)) {
            count(tally, record);
            mark(tally, record);
        }
    });
    return tally;
}

void TallyBook::find_suspects() {
    const Suspicion suspicion = model::suspicion(census_, ports_, occupation_.ports, sources_, ready_age_);
    occupation_.unclear = static_cast<std::uint32_t>((occupation_.ports & ~ports_.blocked).count());
    occupation_.suspect = suspicion.likely;
    occupation_.suspects = static_cast<std::uint32_t>(occupation_.suspect.count());
    occupation_.doubted = suspicion.possible;
    occupation_.doubts = static_cast<std::uint32_t>(occupation_.doubted.count());
}

} // namespace model
