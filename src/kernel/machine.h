// The one door to the outside world: the sockets, the files and the clock of one network namespace, whether
// they come from this kernel, from a capture or from a text. Knows no protocol and no format.
#pragma once

#include "base/gap.h"
#include "base/result.h"
#include "snapshot/address.h"
#include "snapshot/counters.h"
#include "snapshot/host.h"
#include "snapshot/nat.h"
#include "snapshot/owners.h"
#include "snapshot/route.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kernel {

/// The questions about the socket table. `connections` are all states but LISTEN; `close_waits` come with
/// tcp_info; `bound` are bound but unconnected sockets (since 6.8); `explicit_binds` are full sockets,
/// listening ones too, whose port was given to bind(); `options` are full sockets with their options; `peers`
/// those towards a few remote ends, with tcp_info; `queues` are open connections from a few local ports, and
/// `open` all open connections, with tcp_info.
enum class Walk { listeners, connections, close_waits, explicit_binds, bound, options, peers, queues, open };

struct Query {
    Walk walk;
    std::span<const snapshot::EndPoint> remotes = {}; // of Walk::peers
    std::span<const std::uint16_t> ports = {};        // of Walk::queues
    /// All sockets that the walk can find, if they are known to be few: each of them may be asked about by
    /// itself.
    std::optional<std::span<const snapshot::Socket>> known = std::nullopt;
};

/// Gets the sockets of a walk, some at a time: they are valid during the call.
using SocketSink = std::function<void(std::span<const snapshot::Socket>)>;
using Outcome = base::Result<base::Nothing, base::Gap>;
using NatSink = std::function<void(const snapshot::NatEntry&)>;

/// How a walk ended.
struct Walked {
    Outcome outcome = base::Nothing{}; // complete, or why not
    std::uint64_t malformed = 0; // entries that were left out because they are no socket as we know them
    std::uint64_t bytes = 0;     // of the answer; 0 where nobody sent any
};

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

    /// When the content of a file was last changed, in seconds since the epoch; none if that is not known.
    virtual std::optional<double> changed(const std::string& /*path*/) { return std::nullopt; }

    /// "FILE:LINE" of a file of settings as people know it.
    virtual std::string origin(const std::string& file_and_line) { return file_and_line; }

    /// One walk over the socket table.
    virtual Walked sockets(const Query& query, const SocketSink& sink) = 0;

    /// Each TCP connection whose source is translated here, and whether these are all.
    virtual Outcome nat(const NatSink& /*sink*/) {
        return base::Gap{"what source NAT has given out", base::Why::absent, "this source does not tell it"};
    }

    /// Where a connection would come from, or why it cannot be made; none where nobody can tell, as in most
    /// captures. Sends nothing.
    virtual std::optional<snapshot::Route> route(const snapshot::RouteQuery& /*query*/) {
        return std::nullopt;
    }

    /// The number of the interface of that name; none if there is none, or in a replay.
    virtual std::optional<std::uint32_t> device(const std::string& /*name*/) { return std::nullopt; }

    /// Runs `work`, which asks this machine a lot, where answers come soonest. False, and nothing was run, if
    /// the network namespace has ended since it was found.
    virtual bool within(const std::function<void()>& work) {
        work();
        return true;
    }

    /// The number that no other network namespace has until the next boot; none before Linux 5.14, or in a
    /// replay.
    virtual std::optional<std::uint64_t> netns_cookie() { return std::nullopt; }

    /// Is /proc/sys mounted read-only where the program runs?
    virtual bool sysctls_are_read_only() { return false; }

    /// Who holds these sockets, among the processes of the whole host.
    virtual snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) = 0;

    /// The paths of these control groups; each number gets a path or a gap.
    virtual snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) = 0;

    /// What is to be known of a source that is no kernel, live or captured.
    virtual snapshot::Provenance provenance() { return {}; }

    /// Seconds since the epoch; 0 if the source does not tell it.
    virtual double now() = 0;
};

/// A machine for one network namespace, with the name that people know it by.
struct Target {
    std::string label;
    std::uint64_t id = 0; // inode of the namespace file, 0 if unknown
    std::unique_ptr<Machine> machine;
    std::string path = {}; // of the namespace file; empty: that of the caller
};

} // namespace kernel
