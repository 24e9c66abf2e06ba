// The sockets of one network namespace as some file tells them, whole in memory, and what else the file says
// of them. Knows no format of a file.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "kernel/machine.h"
#include "snapshot/address.h"
#include "snapshot/counters.h"
#include "snapshot/host.h"
#include "snapshot/owners.h"
#include "snapshot/socket.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// More are not taken from a text: memory is bounded.
constexpr std::size_t most_sockets = 4'000'000;
constexpr const char* too_many_sockets = "more than 4000000 sockets";

struct SocketList {
    snapshot::Provenance provenance;
    std::vector<snapshot::Socket> sockets; // those in State::bound are bound and not connected
    std::optional<base::Gap> lost;         // why they are not all, or not as they were
    std::optional<snapshot::Holders> holders;
    snapshot::CgroupPaths cgroups;
};

/// What is wrong with a list that has no listening sockets, or only those: its maker was asked for a part.
std::optional<base::Gap> partial(const std::vector<snapshot::Socket>& sockets);

/// A text without inodes: numbers of one's own for the sockets in CLOSE_WAIT that a process must hold. One
/// that was read to its end was accepted; so was one whose port nobody listens at, or where nobody waits.
void invent_inodes(std::vector<snapshot::Socket>& sockets);

/// Whether a text tells timers at all.
class Timers {
  public:
    /// A socket that must have a timer and shows none is made as young as can be: nothing of it is assumed
    /// free.
    void add(snapshot::Socket& socket);
    /// Why they are not told; none if they are, or if no socket has one.
    std::optional<base::Gap> gap(std::string why) const;

  private:
    bool missing_ = false; // where there must be one
    bool seen_ = false;
    bool doubtful_ = false; // data is not acknowledged, which a timer watches but for moments
};

// End points and names of states as tools print them. Knows no tool's columns.

/// "10.0.0.1:80", "[fe80::1]%eth0:80", "fe80::1%eth0:80", ":::80" and "*:*", taken apart but not judged.
struct TextEndPoint {
    std::string_view address; // without brackets and device
    std::string_view device;  // empty for none
    std::string_view port;
    bool brackets = false;
};
std::optional<TextEndPoint> split_end_point(std::string_view text);

/// A port, "*" for none.
std::optional<std::uint16_t> port_of(std::string_view text);

/// "TIME-WAIT", "TIME_WAIT", "ESTAB", "UNCONN": the state, whoever prints it.
std::optional<snapshot::State> state_named(std::string_view name);

/// Counts lines that make no sense and remembers what is wrong with the first.
class Complaints {
  public:
    void add(std::size_t line, std::string what);
    bool empty() const { return count_ == 0; }
    /// "line 7: ... (and 3 more)".
    std::string text() const;

  private:
    std::size_t count_ = 0;
    std::string first_;
};

// A copy of a host's files in a directory: an unpacked sosreport, or a copied /proc/net. No link in it leads
// out of it, so that no file of this host is taken for one of the copy.

class Tree {
  public:
    /// An error if it is no directory or cannot be read.
    static base::Result<Tree> open(const std::string& path);

    /// A regular file in it, by a path without a leading slash; at most `most_bytes`.
    snapshot::Reading<std::string> read(const std::string& path) const;
    /// The names in a directory of it, sorted by bytes.
    snapshot::Reading<std::vector<std::string>> list(const std::string& path) const;
    bool has(const std::string& path) const;

    static constexpr std::size_t most_bytes = std::size_t{1} << 30;

  private:
    explicit Tree(base::Descriptor root) : root_(std::move(root)) {}
    base::Result<int, base::Gap> open_inside(const std::string& path, int flags) const;

    base::Descriptor root_;
};

// A machine for what is no capture of ours: sockets that a text or a copied table told, and maybe a tree of
// copied files. Whatever it lacks is a gap that names the source, and never nothing.

class ForeignMachine : public kernel::Machine {
  public:
    ForeignMachine(SocketList list, std::optional<Tree> tree);

    snapshot::Reading<std::string> read(const std::string& path) override;
    snapshot::Reading<std::vector<std::string>> list(const std::string& directory) override;
    kernel::Outcome dump(std::span<const std::byte> request, const kernel::FrameSink& sink) override;
    snapshot::Holders holders(std::span<const snapshot::WantedSocket> wanted) override;
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override;
    snapshot::Provenance provenance() override { return list_.provenance; }
    double now() override { return 0; } // no source tells it

  private:
    base::Gap untold(const std::string& what) const;
    snapshot::Reading<std::string> read_tree(const std::string& path) const;
    snapshot::Reading<std::string> read_sysctl(const std::string& path) const;

    SocketList list_;
    std::optional<Tree> tree_;
    std::map<std::string, std::string, std::less<>> sysctls_; // dotted names, of `sysctl -a`
};

/// The lines "name = value" of `sysctl -a`.
std::map<std::string, std::string, std::less<>> parse_sysctl_a(std::string_view text);

} // namespace replay
