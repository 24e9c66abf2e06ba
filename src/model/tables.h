// The tables that need no shared arithmetic, one function each.
#pragma once

#include "facts/table.h"
#include "model/derive.h"
#include "model/destinations.h"
#include "model/rates.h"
#include "snapshot/history.h"
#include "snapshot/host.h"

#include <memory>

namespace model {

/// What earlier runs tell about one namespace.
struct Earlier {
    Rates rates;
    Growth growth; // of the last minutes
    Growth leak;   // of the last hour
};

std::unique_ptr<facts::Table> host_table(const snapshot::Host& host, const Assumptions& assumed);
std::unique_ptr<facts::Table> namespace_table(const snapshot::Namespace& space,
                                              const snapshot::Sysctls& sysctls,
                                              std::shared_ptr<const PortModel> ports, const Earlier& earlier,
                                              const Expectation& expected);
std::unique_ptr<facts::Table> source_table(std::shared_ptr<const PortModel> ports);
std::unique_ptr<facts::Table> listener_table(const snapshot::Namespace& space, const PortModel& ports);
std::unique_ptr<facts::Table> close_wait_table(const snapshot::Namespace& space, const Growth& growth);
std::unique_ptr<facts::Table> sysctl_table(const snapshot::Namespace& space,
                                           const snapshot::Sysctls& sysctls);

/// Accept queue as a share of its limit. A listen(0) socket takes one connection: above 100 the queue is
/// full.
double queue_percent(const snapshot::Listener& listener);
/// Why nothing about backlogs is known when the sockets came from /proc.
base::Gap unknown_backlog();

} // namespace model
