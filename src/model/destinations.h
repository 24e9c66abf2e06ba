// The `destination` table, and what the other tables about ports share with it. Rows are made when they are
// asked for.
#pragma once

#include "facts/table.h"
#include "model/ports.h"
#include "model/rates.h"
#include "snapshot/host.h"

#include <memory>
#include <optional>

namespace model {

/// The highest of the busy destinations; zeros without any.
struct WorstPorts {
    double used_percent = 0;
    double load_percent = 0;
};

/// What all tables about ports of one namespace share. Refers to the snapshot, which must outlive it.
struct PortModel {
    PortModel(const snapshot::Netns& of, const snapshot::Sysctls& sysctls);

    const snapshot::Netns& netns_of;
    KnownPorts ports;
    ReuseSettings settings;
    std::unique_ptr<TallyBook> book; // null if the range or the sockets are unknown

    /// The arithmetic of the destination with this number in the book's order.
    PortUse use(std::size_t place) const;
    facts::Destination destination(std::size_t place) const;
    /// Why nothing is known of the ages and timers of these sockets, if there are any that need one.
    const std::optional<base::Gap>& no_timers(const Tally& tally) const;
    /// The TCP timestamps of live sockets to the flow's remote end; null if nobody looked.
    const snapshot::Timestamps* seen_at(const snapshot::Flow& flow) const;
    /// Why there is no book, or why it is incomplete.
    std::optional<base::Gap> incomplete() const;
    WorstPorts worst() const;
};

/// Does the flow lead to this listener of its own namespace: by loopback, or from an address to itself?
bool ends_at(const snapshot::Flow& flow, const snapshot::Listener& listener);

std::unique_ptr<facts::Table> destination_table(std::shared_ptr<const PortModel> ports, const Growth& growth);

} // namespace model
