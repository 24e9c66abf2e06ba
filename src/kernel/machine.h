// The one door to the outside world: files, sock_diag and the clock of one network namespace. The live
// machine, the recorder and the replayer are all this, so that a replay takes the same path through the code
// as a live run.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "snapshot/address.h"
#include "snapshot/counters.h"
#include "snapshot/host.h"
#include "snapshot/owners.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kernel {

/// Gets each datagram as it was received: one or more netlink messages, aligned for them. False stops the
/// dump.
using FrameSink = std::function<bool(std::span<const std::byte>)>;
using Outcome = base::Result<base::Nothing, base::Gap>;

class Machine {
  public:
    Machine() = default;
    virtual ~Machine() = default;
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// The whole file, pseudo or regular.
    virtual snapshot::Reading<std::string> read(const std::string& path) = 0;

    /// The names in a directory, sorted by bytes.
    virtual snapshot::Reading<std::vector<std::string>> list(const std::string& directory) = 0;

    /// Sends one sock_diag request and feeds the answers to `sink` until it returns false.
    virtual Outcome dump(std::span<const std::byte> request, const FrameSink& sink) = 0;

    /// The local address that routing would choose towards `remote`; none without a route, or where a
    /// capture knows none. Sends nothing.
    virtual std::optional<snapshot::Address> source_towards(const snapshot::Address& /*remote*/) {
        return std::nullopt;
    }

    /// The number that no other network namespace has until the next boot; none before Linux 5.14, or in a
    /// replay.
    virtual std::optional<std::uint64_t> namespace_cookie() { return std::nullopt; }

    /// Who holds these sockets, among the processes of the whole host.
    virtual snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) = 0;

    /// The paths of these control groups; each number gets a path or a gap.
    virtual snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) = 0;

    /// What is to be known of a source that is no kernel, live or captured.
    virtual snapshot::Provenance provenance() { return {}; }

    /// Seconds since the epoch; 0 if the source does not tell it.
    virtual double now() = 0;
};

// A machine for one network namespace, with the name that people know it by.

struct Place {
    std::string label;
    std::uint64_t id = 0; // inode of the namespace file, 0 if unknown
    std::unique_ptr<Machine> machine;
};

} // namespace kernel
