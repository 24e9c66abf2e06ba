#include "model/suspects.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace model {

namespace {

using snapshot::Census;
using snapshot::Flow;
using snapshot::FlowTable;
using snapshot::PortSet;
using snapshot::SocketRecord;
using snapshot::TcpState;

/// A TIME_WAIT socket does not say how its port was chosen; nor does one in SYN_RECV.
bool is_mute(const SocketRecord& record) {
    return record.state() == TcpState::time_wait || record.state() == TcpState::syn_recv ||
           (record.state() == TcpState::fin_wait2 && record.detail() == 1);
}

/// What the ports of one flow tell about who chose them.
struct FlowPorts {
    std::uint16_t even = 0; // eligible ones, by their offset from the low end
    std::uint16_t odd = 0;
    std::uint16_t odd_shared = 0; // towards another remote end, too
    std::uint16_t odd_young = 0;  // live, or in TIME_WAIT for less than 30 s
    std::uint16_t lowest_odd = 0xFFFF;
    std::uint16_t highest_odd = 0;
    std::uint16_t live = 0;    // on ports that no other group of flows holds
    std::uint16_t early = 0;   // of these, may have been bound before connect()
    std::uint16_t outside = 0; // not in the range of now, of the parity that is odd in it
};

class Suspects {
  public:
    Suspects(const Census& census, const EphemeralPorts& ports, const PortSet& held,
             const std::vector<SourceTally>& sources, std::uint16_t reuse_delay)
        : census_(census), ports_(ports), sources_(sources), reuse_delay_(reuse_delay),
          unclear_(held & ~ports.blocked) {
        for (std::size_t port = ports.range.low; port <= ports.range.high; ++port) {
            odd_[port] = ((port ^ ports.parity_low) & 1) != 0;
        }
        odd_ &= ports.eligible;
        even_ports_ = static_cast<double>((ports.eligible & ~ports.blocked & ~odd_).count());
        for (const SourceTally& source : sources) {
            shared_ |= source.shared;
        }
        if (census.explicit_ports() != nullptr) {
            chosen_ = *census.explicit_ports();
        }
    }

    Suspicion find() {
        constexpr std::size_t worth_a_look = 256; // one of so many ports
        result_.likely = (ports_.probably_bound | ports_.services) & unclear_;
        const PortSet odd = unclear_ & odd_ & ~shared_;
        result_.possible = result_.likely | odd;
        const bool few = odd.count() * worth_a_look < ports_.usable && census_.record_count() > ports_.usable;
        if (odd.any() && !few) {
            look_at_flows();
            suspect_odd_ports(odd);
            suspect_even_ports();
        }
        suspect_children();
        result_.possible |= result_.likely;
        return result_;
    }

  private:
    void look_at_flows();
    PortSet held_twice() const;
    /// Flows of a few connections tell something together only: they are the last group.
    std::size_t group_of(std::uint32_t flow) const {
        constexpr std::uint32_t few = 4;
        return census_.flows()[flow].connections > few ? flow : flows_.size() - 1;
    }
    bool explains_itself(const FlowPorts& flow) const;
    bool is_proof(std::size_t flow) const;
    bool reuses(const Flow& flow) const;
    void find_bursts();
    void suspect_odd_ports(const PortSet& odd);
    void suspect_even_ports();
    void suspect_children();
    void suspect_child(std::uint16_t here, std::uint16_t there);
    bool is_usable(std::uint16_t port) const { return ports_.eligible.test(port); }

    const Census& census_;
    const EphemeralPorts& ports_;
    const std::vector<SourceTally>& sources_;
    std::uint16_t reuse_delay_;
    PortSet unclear_;
    PortSet odd_;           // eligible, at an odd offset from the low end
    double even_ports_ = 0; // eligible, not blocked, at an even offset
    PortSet shared_;
    PortSet chosen_; // by a program: bind() with a port
    std::vector<FlowPorts> flows_;
    std::vector<bool> explains_;
    std::vector<bool> surely_; // explained, and nothing speaks against it
    Suspicion result_;
};

/// The ports that more than one group of flows holds: an option of one of their sockets is known, and not of
/// which.
PortSet Suspects::held_twice() const {
    constexpr std::size_t none = SIZE_MAX;
    std::vector<std::size_t> holder(PortSet().size(), none);
    PortSet twice;
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const SocketRecord& record = census_.record(i);
        std::size_t& first = holder[record.port];
        first = first == none ? group_of(record.flow) : first;
        twice[record.port] = twice[record.port] || first != group_of(record.flow);
    }
    return twice;
}

void Suspects::look_at_flows() {
    constexpr std::uint16_t young = 30'000 / snapshot::age_unit_ms;
    flows_.resize(census_.flows().size() + 1);
    const PortSet twice = held_twice();
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const SocketRecord& record = census_.record(i);
        FlowPorts& flow = flows_[group_of(record.flow)];
        const std::uint16_t port = record.port;
        if (!is_mute(record) && !twice[port]) {
            ++flow.live;
            flow.early += census_.early_ports() == nullptr || census_.early_ports()->test(port);
        }
        if (odd_[port]) {
            ++flow.odd;
            flow.odd_shared += shared_[port] && unclear_[port];
            flow.odd_young += record.state() != TcpState::time_wait || record.detail() < young;
            flow.lowest_odd = std::min(flow.lowest_odd, port);
            flow.highest_odd = std::max(flow.highest_odd, port);
        } else if (is_usable(port)) {
            ++flow.even;
        } else if (port < ports_.range.low || port > ports_.range.high) {
            flow.outside += ((port ^ ports_.parity_low) & 1) != 0 && !chosen_.test(port);
        }
    }
}

/// connect() takes ports of odd offset once the even ones are used up towards a destination; old TIME_WAITs
/// of such a time may be left alone. If the range was moved, other ports were the even ones: many of those
/// are outside, or shared by remote ends, which bind() with port 0 never does, or crowded in a part of the
/// range.
bool Suspects::explains_itself(const FlowPorts& flow) const {
    constexpr double nearly = 0.9;
    constexpr std::uint16_t enough = 16;
    const bool used_up = flow.even + flow.odd >= nearly * even_ports_ && flow.even >= nearly * flow.odd;
    const bool is_shared = flow.odd_shared >= 2 && flow.odd_shared * 8 >= flow.odd;
    const bool is_crowded = flow.odd >= enough && flow.highest_odd > flow.lowest_odd &&
                            flow.highest_odd - flow.lowest_odd < 0.6 * ports_.range.size();
    const bool was_moved = flow.outside >= 2;
    return used_up || is_shared || is_crowded || was_moved || flow.odd_young == 0;
}

/// Of one that explains itself. That the even ports were used up before is proved by those that still are; in
/// a range of other parity connect() takes hardly any of the even ports of now. A program that chooses ports
/// by itself takes as many of one kind as of the other, and where only bind() can have chosen the address, it
/// may have chosen the port, unless live sockets show that the program leaves it to connect().
bool Suspects::is_proof(std::size_t flow) const {
    constexpr double nearly = 0.9;
    const FlowPorts& of = flows_[flow];
    const bool off_route = flow < ports_.off_route.size() && ports_.off_route[flow];
    const bool bound_late = of.live > 0 && of.early == 0;
    return (!off_route || bound_late) &&
           (of.even >= nearly * even_ports_ || of.odd_shared * 8 >= of.odd || of.even * 4 <= of.odd);
}

bool Suspects::reuses(const Flow& flow) const {
    const bool loopback = flow.source.is_loopback() || flow.remote.is_loopback();
    return ports_.reuse_mode == 1 || (ports_.reuse_mode == 2 && loopback);
}

/// Where TIME_WAIT is reused, connect() takes odd ports only if so many connections began within the delay
/// that they used up the even ones.
void Suspects::find_bursts() {
    constexpr double nearly = 0.9;
    std::map<std::size_t, std::vector<std::uint16_t>> ages;
    for (std::size_t i = 0; i < census_.record_count() && ports_.reuse_mode != 0; ++i) {
        const SocketRecord& record = census_.record(i);
        const std::size_t group = group_of(record.flow);
        if (explains_[group] && is_usable(record.port) && reuses(census_.flows()[record.flow])) {
            std::vector<std::uint16_t>& of_group = ages[group]; // also if none of them is in TIME_WAIT
            if (record.state() == TcpState::time_wait) {
                of_group.push_back(record.detail());
            }
        }
    }
    for (auto& [group, of_group] : ages) {
        if (of_group.size() * 10 < std::size_t{flows_[group].even} + flows_[group].odd) {
            continue; // nearly all live: nothing to reuse
        }
        std::sort(of_group.begin(), of_group.end());
        std::size_t most = 0;
        std::size_t first = 0;
        for (std::size_t last = 0; last < of_group.size(); ++last) {
            while (of_group[last] - of_group[first] > reuse_delay_ + 1) {
                ++first;
            }
            most = std::max(most, last - first + 1);
        }
        const bool measurable = reuse_delay_ > 0; // in the units of ages
        surely_[group] = surely_[group] && measurable && static_cast<double>(most) >= nearly * even_ports_;
    }
}

/// connect() takes ports of even offset first, bind() with port 0 those of odd offset, and bind() never
/// shares a port of one address (docs/kernel-model.md, 3.3).
void Suspects::suspect_odd_ports(const PortSet& odd) {
    PortSet explained;
    PortSet surely;
    PortSet mixed;
    explains_.resize(flows_.size());
    surely_.resize(flows_.size());
    for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
        explains_[flow] = explains_itself(flows_[flow]);
        surely_[flow] = explains_[flow] && is_proof(flow);
    }
    find_bursts();
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        const SocketRecord& record = census_.record(i);
        const std::size_t group = group_of(record.flow);
        const bool is_mixed =
            is_mute(record) && !surely_[group] && flows_[group].odd * 4 >= flows_[group].even;
        explained[record.port] = explained[record.port] || explains_[group];
        surely[record.port] = surely[record.port] || surely_[group];
        mixed[record.port] = mixed[record.port] || is_mixed;
    }
    result_.likely |= odd & ~explained;
    result_.possible &= ~(odd & surely);
    result_.possible |= mixed & unclear_ & ~shared_ & ~odd_; // programs choose ports of either kind
}

/// bind() takes ports of even offset once it has used up the odd ones of its address.
void Suspects::suspect_even_ports() {
    const std::size_t odd_ports = (odd_ & ~ports_.blocked).count();
    PortSet of_bound_flows;
    for (const SourceTally& source : sources_) {
        const std::size_t held = (source.ports & odd_ & ~ports_.blocked).count();
        const bool used_up = held * 10 >= odd_ports * 9;
        if (!used_up || (source.ports & result_.possible & odd_).count() * 2 < odd_ports) {
            continue;
        }
        result_.possible |= source.ports & unclear_ & ~shared_;
        for (std::size_t i = 0; i < census_.record_count(); ++i) {
            const SocketRecord& record = census_.record(i);
            const Flow& flow = census_.flows()[record.flow];
            if (flow.source == source.address && !explains_[group_of(record.flow)] &&
                flows_[group_of(record.flow)].odd * 2 >= flows_[group_of(record.flow)].even) {
                of_bound_flows.set(record.port);
            }
        }
    }
    result_.likely |= of_bound_flows & unclear_ & ~shared_ & ~odd_;
}

/// Both ends of a connection that no listener owns, on this host: one of them was accepted, on a port that
/// its listener had bound.
void Suspects::suspect_children() {
    constexpr std::uint32_t few = 4; // connections: the other end of a child is one port of a client
    const FlowTable& flows = census_.flows();
    std::set<std::pair<std::uint64_t, std::uint64_t>> here;
    for (const SourceTally& source : sources_) {
        here.emplace(source.address.high(), source.address.low());
    }
    std::unordered_multimap<std::uint64_t, std::uint32_t> local; // flows to addresses of this host
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
        if (here.contains({flows[flow].remote.high(), flows[flow].remote.low()})) {
            local.emplace(flows.hash_of(flows[flow]), static_cast<std::uint32_t>(flow));
        }
    }
    const auto exists = [&](const Flow& wanted) {
        const auto [first, last] = local.equal_range(flows.hash_of(wanted));
        return std::any_of(first, last,
                           [&](const auto& found) { return flows[found.second].same_as(wanted); });
    };
    for (std::size_t i = 0; i < census_.record_count() && !local.empty(); ++i) {
        const SocketRecord& record = census_.record(i);
        const Flow& flow = flows[record.flow];
        if (unclear_[record.port] && flow.connections <= few && !is_mute(record) &&
            exists({flow.remote, flow.source, flow.device, 0, record.port})) {
            suspect_child(record.port, flow.remote_port);
        }
    }
}

/// The other end is the client if its program chose its port, which no accepted socket shows, or if this end
/// looks more like one that was bound. If nothing tells them apart, one of the two is as good as the other.
void Suspects::suspect_child(std::uint16_t here, std::uint16_t there) {
    const auto looks_bound = [&](std::uint16_t port) {
        return 4 * result_.likely[port] + 2 * shared_[port] + odd_[port];
    };
    const int more = looks_bound(here) - looks_bound(there);
    result_.possible.set(here);
    if (chosen_[there] || (unclear_[there] && (more > 0 || (more == 0 && here < there)))) {
        result_.likely.set(here);
    }
}

} // namespace

Suspicion suspicion(const Census& census, const EphemeralPorts& ports, const PortSet& held,
                    const std::vector<SourceTally>& sources, std::uint16_t reuse_delay) {
    return Suspects(census, ports, held, sources, reuse_delay).find();
}

} // namespace model
