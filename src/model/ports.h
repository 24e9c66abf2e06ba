// The port arithmetic of one destination: in use, blocked, free with its interval, reuse, rates and forecast
// (docs/kernel-model.md, 0, 1 and 3.3). What sock_diag cannot tell becomes the interval; `free` is the best
// estimate in it.
#pragma once

#include "facts/answers.h"
#include "model/tally.h"
#include "model/time_wait.h"
#include "snapshot/flow_table.h"

#include <optional>
#include <string>

namespace model {

/// Each part is worked out when it is first asked for, and once: of 100 000 destinations most are asked for a
/// number or two. Refers to everything that it is made from but the tally.
class PortUse {
  public:
    /// `netns` and `occupation` of the flow's namespace, `tally` of the flow itself (empty if nothing is
    /// connected), `seen` as in reuse_of().
    PortUse(const snapshot::Flow& flow, const Tally& tally, const EphemeralPorts& ports,
            const Occupation& occupation, const ReuseSettings& settings, const snapshot::Timestamps* seen)
        : flow_(flow), tally_(tally), ports_(ports), occupation_(occupation), settings_(settings),
          seen_(seen) {}

    const snapshot::Flow& flow() const { return flow_; }
    const Tally& tally() const { return tally_; }
    const EphemeralPorts& ports() const { return ports_; }
    std::uint32_t in_state(snapshot::TcpState state) const {
        return tally_.states[static_cast<std::size_t>(state)];
    }
    std::uint32_t fin_wait() const {
        return in_state(snapshot::TcpState::fin_wait1) + in_state(snapshot::TcpState::fin_wait2);
    }
    /// ESTABLISHED, FIN_WAIT and CLOSE_WAIT: what lasts as long as the programs want.
    std::uint32_t lasting() const {
        return in_state(snapshot::TcpState::established) + fin_wait() +
               in_state(snapshot::TcpState::close_wait);
    }
    bool loopback() const { return flow_.source.is_loopback() || flow_.remote.is_loopback(); }

    struct Estimate {
        std::uint32_t reusable = 0;
        std::uint32_t in_use = 0;
        std::uint32_t blocked = 0;
        std::uint32_t free = 0;
        double used_percent = 0;
        double room = 0; // ports that TIME_WAIT may fill
    };
    struct Bounds {
        std::uint32_t free_min = 0;
        std::uint32_t free_max = 0;
    };
    /// The end of what is likely that hurts: within the bounds, and no better than the estimate.
    struct Worst {
        std::uint32_t free = 0;
        double used_percent = 0;
        std::uint32_t bound = 0; // ports of others that are doubted
        std::uint32_t reuse = 0; // ports in TIME_WAIT whose reuse is doubted
    };
    struct NextMinute {
        double peak_percent = 0;
        std::optional<double> full_after;   // seconds; if the rate grows as it did, where it grows steadily
        std::optional<double> at_this_rate; // seconds, if it does not grow any more
    };
    const Reuse& reuse() const;
    std::string reuse_reason() const { return reason_of(reuse(), settings_, seen_); }
    const Estimate& estimate() const;
    const Bounds& bounds() const;
    const Worst& worst() const;
    /// What would tell the estimate from the worst; empty if they are the same.
    std::string untold() const;
    /// Why free_min and free_max differ; empty if they do not.
    std::string inferred_because() const;
    /// Seconds that a closed connection keeps its port.
    double port_time() const { return settings_.port_time(reuse().applies); }
    const Entries& entries() const;
    const Load& load() const;
    const NextMinute& next_minute() const;

  private:
    /// What free_max takes for free, and free_min does not.
    struct Uncertain {
        std::uint32_t unclear = 0;  // ports of others
        std::uint32_t hidden = 0;   // bound sockets
        std::uint32_t young = 0;    // TIME_WAIT that does not look older than the reuse delay
        std::uint32_t doubtful = 0; // TIME_WAIT whose timestamps nobody saw
        bool odd = false;
    };
    Uncertain uncertain() const;
    std::uint32_t blocked_for_sure() const { return ports_.blocked_count - tally_.fixed.blocked; }

    const snapshot::Flow& flow_;
    Tally tally_;
    const EphemeralPorts& ports_;
    const Occupation& occupation_;
    const ReuseSettings& settings_;
    const snapshot::Timestamps* seen_;
    mutable std::optional<Reuse> reuse_;
    mutable std::optional<Estimate> estimate_;
    mutable std::optional<Bounds> bounds_;
    mutable std::optional<Worst> worst_;
    mutable std::optional<Entries> entries_;
    mutable std::optional<Load> load_;
    mutable std::optional<NextMinute> next_minute_;
};

/// Everything at once, in words where a person reads them.
facts::Destination destination_of(const PortUse& use);

// What holds the ports of one destination, in a few words for the first line of a finding.

/// "930 held by TIME_WAIT", "50 held by ESTABLISHED, 40 by CLOSE_WAIT", "900 blocked": the one or two that
/// take most ports, each at least a tenth of what is taken. Ports of TIME_WAIT that connect() may reuse count
/// as free.
std::string held_by(const facts::Destination& destination);

} // namespace model
