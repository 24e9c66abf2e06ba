#include "model/derive.h"

#include "model/tables.h"

#include <algorithm>

namespace model {
namespace {

using facts::TableId;

Earlier earlier_of(const snapshot::Netns& netns, const history::NetnsHistory* history,
                   const history::History& all, std::optional<double> uptime) {
    constexpr double half = 1500; // of nearly an hour, in seconds
    const auto shortest = all.looked_twice ? *all.looked_twice : shortest_interval;
    const auto why = all.lost_for_long ? base::Why::failed : base::Why::absent;
    return {Rates(netns, history, all.uptime, all.unusable_because, shortest, why),
            Growth(history, all.uptime), Growth(history, all.uptime, half, half), uptime};
}

facts::NetnsFacts derive_netns(const snapshot::Netns& netns, const Assumptions& assumed,
                               const Earlier& earlier, const Expectation& expected) {
    const snapshot::Sysctls sysctls = netns.sysctls.assuming(assumed);
    const auto ports = std::make_shared<const PortModel>(netns, sysctls);
    facts::NetnsFacts derived;
    derived.label = netns.label;
    derived.id = netns.id;
    derived.path = netns.path;
    const auto put = [&](TableId which, std::unique_ptr<facts::Table> table) {
        derived.tables[static_cast<std::size_t>(which)] = std::move(table);
    };
    put(TableId::netns, netns_table(netns, sysctls, ports, earlier, expected));
    put(TableId::destination, destination_table(ports, earlier.growth));
    put(TableId::source, source_table(ports));
    put(TableId::listener, listener_table(netns, sysctls, ports));
    put(TableId::close_wait, close_wait_table(netns, earlier.growth));
    put(TableId::nat, nat_table(netns));
    put(TableId::sysctl, sysctl_table(netns, sysctls));
    return derived;
}

/// A namespace that could not be entered gives the same answer to every question: once is enough.
void add(std::vector<base::Gap>& gaps, const base::Gap& gap) {
    if (std::find(gaps.begin(), gaps.end(), gap) == gaps.end()) {
        gaps.push_back(gap);
    }
}

void add_all(std::vector<base::Gap>& gaps, const std::vector<base::Gap>& more) {
    for (const base::Gap& gap : more) {
        add(gaps, gap);
    }
}

} // namespace

facts::Facts derive(const snapshot::Host& host, const Assumptions& assumed, const history::History& history,
                    const Expectation& expected) {
    facts::Facts derived;
    derived.host = host_table(host, assumed);
    derived.sysctls_are_read_only = host.sysctls_are_read_only;
    for (std::size_t i = 0; i < host.namespaces.size(); ++i) {
        const snapshot::Netns& netns = host.namespaces[i];
        derived.namespaces.push_back(
            derive_netns(netns, assumed, earlier_of(netns, history.of(i), history, host.uptime), expected));
        add_all(derived.gaps, netns.gaps);
        add_all(derived.gaps, netns.sysctls.assuming(assumed).unusable());
        for (const auto& [prefix, gap] : netns.counters.gaps()) {
            if (gap.why != base::Why::absent) {
                add(derived.gaps, gap);
            }
        }
        if (const auto& gap = netns.incomplete_sockets()) {
            add(derived.gaps, *gap);
        }
    }
    return derived;
}

} // namespace model
