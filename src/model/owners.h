// The owners of CLOSE_WAIT sockets: which sockets are summed, under which name. A systemd unit or container
// where one is known, so that a server with many workers is one owner; else the processes of one command and
// user; else the user and control group; else nobody knows.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "model/listeners.h"
#include "snapshot/host.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace model {

/// Who holds them is worth looking for when so many sockets are stuck for so long.
constexpr std::uint32_t owners_worth_sockets = 5;
constexpr std::uint32_t owners_worth_age_ms = 5000;

/// CLOSE_WAIT sockets that are neither half-closed nor younger than owners_worth_age_ms.
std::size_t stuck_sockets(const snapshot::Census& sockets);

/// The command of a process, printable; "?" if it gave itself a blank name.
std::string command_of(const snapshot::Process& process);

/// A process and its part of an owner's sockets.
struct Share {
    const snapshot::Process* process = nullptr;
    std::uint32_t sockets = 0;             // with those that wait in the queue of its listener
    std::uint32_t held = 0;                // leaked or unread for a minute: each a descriptor lost
    std::uint32_t held_unaged = 0;         // leaked or unread, for an unknown time
    std::uint32_t oldest_ms = 0;           // of those that have a descriptor, else of those that wait
    bool of_listener = true;               // none has one: all wait for the listener's process
    std::uint32_t descriptor = UINT32_MAX; // the lowest of the oldest ones

    /// `held` as a share of the process's limit of open files; 0 without a limit.
    double of_limit() const;
};

struct Owner {
    Service service;
    std::optional<std::uint32_t> uid; // of the end point with most sockets
    std::string cgroup;               // path or number; empty if it tells nothing
    std::string end_point;            // with most sockets
    std::string listener;             // with most that nobody accepted; empty if there are none
    std::array<snapshot::CloseWaitCounts, snapshot::close_wait_kinds> kinds;
    std::map<std::uint32_t, Share> shares; // by the number of the process
    std::optional<base::Gap> no_process;   // why `shares` is empty
    std::uint32_t leaked_incoming = 0;     // of the leaked ones, those of clients
    std::uint32_t awaited = 0;             // see snapshot::Census::awaited_by()
    std::string awaited_peer;              // of most of these; empty if there are none
    std::optional<double> growth;          // of leaked and unread ones, per second; none if it is not known

    snapshot::CloseWaitCounts total() const;
    /// The process that is nearest to its limit of open files, or the one with most sockets; null if none is
    /// known.
    const Share* foremost() const;
    /// Printable, and the same in each run as long as the processes are the same.
    std::string name() const;
};

/// In the order of their names.
std::vector<Owner> owners_of(const snapshot::Netns& netns);

} // namespace model
