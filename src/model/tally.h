// The ports that connect() may choose from in one namespace, and those that no connect() can take whatever
// its destination (docs/kernel-model.md, 0 and 1.3). Knows nothing of destinations.
#pragma once

#include "model/time_wait.h"
#include "snapshot/census.h"
#include "snapshot/host.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace model {

struct EphemeralPorts {
    snapshot::PortRange range;
    std::uint32_t parity_low = 0; // low end of the range of now: what connect() counts odd and even from
    std::int64_t reuse_mode = 0;  // tcp_tw_reuse of now, under which the ports were taken; 0 if unknown
    std::uint32_t reserved = 0;   // ports of the range
    snapshot::PortSet eligible;   // range less reserved
    std::uint32_t usable = 0;     // ports in `eligible`
    snapshot::PortSet blocked;    // eligible ports that are blocked for sure
    snapshot::PortSet services;   // ports that thousands of remote ends share: their listener is gone
    std::uint32_t blocked_count = 0;
    /// By flow: is its source an address that routing does not choose? Only bind() can have chosen that.
    /// Empty if nobody asked.
    std::vector<bool> off_route;
    /// Ports of such connections that may have been bound early.
    snapshot::PortSet probably_bound;
    bool explicit_known = false;
    bool bound_known = false;
    /// Upper limit of bound sockets that may exist without being listed; none: no limit is known.
    std::optional<std::uint32_t> hidden_bound;
};

/// What was worked out of a namespace, or why not; it takes memory only where there is something: a host or a
/// capture may have thousands of namespaces.
class KnownPorts {
  public:
    KnownPorts(snapshot::Reading<EphemeralPorts> ports)
        : ports_(ports ? std::make_unique<const EphemeralPorts>(std::move(*ports)) : nullptr),
          gap_(ports ? base::Gap() : ports.error()) {}

    explicit operator bool() const { return ports_ != nullptr; }
    const EphemeralPorts& operator*() const { return *ports_; }
    const EphemeralPorts* operator->() const { return ports_.get(); }
    const base::Gap& error() const { return gap_; }

  private:
    std::unique_ptr<const EphemeralPorts> ports_;
    base::Gap gap_;
};

snapshot::PortSet ports_of(const snapshot::PortRange& range);

/// Missing if the range or the reserved ports could not be read.
snapshot::Reading<EphemeralPorts> ephemeral_ports(const snapshot::Netns& netns,
                                                  const snapshot::Sysctls& sysctls);

// What the records say of each flow, in one pass over all of them: states, ports held, TIME_WAIT ages. The
// busiest flows' tallies are kept, that of another is made when it is asked for: a host may have 100 000.

/// Eligible ports that a flow holds; a port is held once by a flow.
struct PortCounts {
    std::uint32_t ports = 0;
    std::uint32_t blocked = 0; // of these, blocked for everyone for sure
    std::uint32_t suspect = 0; // of these, on a port that looks taken by bind()
    std::uint32_t doubted = 0; // of these, on a port that may be taken by bind() at the worst
};

/// One flow's connections from ephemeral ports.
struct Tally {
    snapshot::StateCounts states{};
    std::uint32_t connections = 0;
    std::uint32_t syn_sent_retried = 0;     // two or more retransmissions
    std::uint32_t established_retrying = 0; // snapshot::is_retrying()
    std::uint32_t retrying_long = 0;        // of these, snapshot::retrying_long
    std::uint32_t time_wait_ports = 0;      // eligible ports in TIME_WAIT
    /// What TIME_WAIT reuse could give back, where it applies: nothing; TIME_WAIT that does not look older
    /// than the reuse delay, but may be; TIME_WAIT older than that.
    PortCounts fixed, perhaps, ready;
    Ages ages{}; // of TIME_WAIT

    std::uint32_t held() const { return fixed.ports + perhaps.ports + ready.ports; }
};

/// Ports of all flows together, and of each source.
struct Occupation {
    snapshot::PortSet ports;    // eligible, held by any record
    snapshot::PortSet suspect;  // not blocked for sure, but bind() is likely to have chosen them
    snapshot::PortSet doubted;  // `suspect`, and what else bind() may have chosen at the worst
    std::uint32_t unclear = 0;  // `ports` that are not blocked for sure
    std::uint32_t suspects = 0; // ports in `suspect`
    std::uint32_t doubts = 0;   // ports in `doubted`
};

struct SourceTally {
    snapshot::Address address;
    std::uint32_t connections = 0;
    std::uint32_t destinations = 0;
    snapshot::PortSet ports;  // eligible, held by any connection of this source
    snapshot::PortSet shared; // of these, held towards two remotes: not taken by bind() with port 0
};

class TallyBook {
  public:
    TallyBook(const snapshot::Census& census, const EphemeralPorts& ports, const ReuseDelay& delay);

    /// Flow numbers; the busy ones (in `busy_count()`) first, busiest first, then all others.
    const std::vector<std::uint32_t>& order() const { return order_; }
    std::size_t busy_count() const { return busy_count_; }
    /// The tally of the flow at position `place` of the order. What sockets without a device hold is held for
    /// the flows that are bound to one, too (kernel: inet_bound_dev_eq()).
    Tally tally(std::size_t place) const;

    /// What sockets without a device between these ends take from one that is bound to a device and would be
    /// the first.
    Tally of_first_on_device(std::size_t place_without) const {
        return merged({}, snapshot::FlowTable::none, order_[place_without]);
    }

    const Occupation& occupation() const { return occupation_; }
    const std::vector<SourceTally>& sources() const { return sources_; }
    /// Of the sockets in TIME_WAIT on usable ports that this source holds towards one remote only. One pass.
    Ages ages_of_source(std::size_t number) const;
    /// Sources beyond the number that is kept.
    std::uint32_t sources_dropped() const { return sources_dropped_; }

  private:
    void rank_flows();
    void number_sources();
    void occupy();
    void find_suspects();
    void describe_ports();
    void find_siblings();
    void mark_busy();
    void count(Tally& tally, const snapshot::SocketRecord& record) const;
    void mark(Tally& tally, const snapshot::SocketRecord& record) const;
    PortCounts Tally::*part_of(const snapshot::SocketRecord& record) const;
    Tally own_tally(std::size_t place) const;
    void sort_records() const;
    template <typename F>
    void for_each_record(std::uint32_t flow, F use) const;
    Tally merged(Tally tally, std::uint32_t flow, std::uint32_t sibling) const;

    const snapshot::Census& census_;
    const EphemeralPorts& ports_;
    std::uint16_t ready_age_; // in units of Record::detail
    /// What a million records ask of their ports, in one byte each.
    enum PortBit : std::uint8_t { countable = 1, eligible = 2, blocked = 4 };
    std::vector<std::uint8_t> port_bits_; // countable: in the range and no service
    bool is_countable(std::uint16_t port) const { return (port_bits_[port] & countable) != 0; }
    std::vector<std::uint32_t> order_;
    std::size_t busy_count_ = 0;
    std::vector<Tally> busy_;
    Occupation occupation_;
    std::vector<SourceTally> sources_;
    std::vector<std::uint8_t> source_of_flow_;
    std::uint32_t sources_dropped_ = 0;
    /// The numbers of all records, those of one flow after those of another, and where each flow's begin:
    /// made when one of a quiet flow is asked for.
    mutable std::vector<std::uint32_t> by_flow_;
    mutable std::vector<std::uint32_t> begin_of_flow_;
    std::map<std::uint32_t, std::uint32_t> siblings_; // flow with a device -> the same flow without
    mutable std::map<std::size_t, Tally> merged_;     // by place, made when one is asked for
};

} // namespace model
