// The sock_diag protocol: queries about the TCP socket table as bytes, bytes of the answer as sockets, and
// the machines whose sockets come that way, live or from a capture. Opens nothing. Legacy TCPDIAG_GETSOCK is
// used because it walks the table once for both address families.
#pragma once

#include "kernel/machine.h"
#include "snapshot/socket.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct nlmsghdr;

namespace kernel {

/// Gets each datagram as it was received: one or more netlink messages, aligned for them. False stops the
/// dump.
using FrameSink = std::function<bool(std::span<const std::byte>)>;

/// A machine that answers queries by datagrams of sock_diag. What decodes them is the same for all.
class SockDiagMachine : public Machine {
  public:
    Walked sockets(const Query& query, const SocketSink& sink) final;
    Outcome nat(const NatSink& sink) final;

    /// Sends one request, to the netlink family that its type belongs to, and feeds the answers to `sink`
    /// until it returns false.
    virtual Outcome dump(std::span<const std::byte> request, const FrameSink& sink) = 0;

    /// Does it also answer about one socket? A capture holds walks only.
    virtual bool knows_single_sockets() const { return false; }

  private:
    std::optional<Walked> look_up(const Query& query, const SocketSink& sink);
};

/// A target whose machine can be recorded datagram by datagram.
struct SockDiagTarget {
    std::string label;
    std::uint64_t id = 0;
    std::unique_ptr<SockDiagMachine> machine;
    std::string path = {};

    operator Target() && { return {std::move(label), id, std::move(machine), std::move(path)}; }
};

/// Of every request, and so of every message of its answer.
constexpr std::uint32_t dump_sequence = 1;

/// More remote ends fit in no request.
constexpr std::size_t most_peers = 8;

/// More local ports are not asked about at once.
constexpr std::size_t most_ports = 8;

/// The netlink message to send; always the same bytes for the same query, so that a capture can be keyed by
/// them. At most `most_peers` remote ends and `most_ports` ports; v4-mapped sockets count as IPv4.
std::vector<std::byte> request_for(const Query& query);

/// The message that asks about this one socket what the walk asks about all.
std::vector<std::byte> request_for(Walk walk, const snapshot::Socket& socket);

/// The remote ends that a request of Walk::peers names; empty for any other request.
std::vector<snapshot::EndPoint> peers_of(std::span<const std::byte> request);

/// The gap for a system error of the sock_diag socket or of its answer: `absent` means that this kernel has
/// none.
base::Gap refusal(int error);

/// Is there a whole message? mnl_nlmsg_ok() (libmnl 1.0.4) takes lengths over 2 GiB for negative ones, which
/// fit everywhere.
bool fits(const nlmsghdr* message, int left);

/// How many sockets an answer tells of: a dump says where it ends.
enum class Answer : std::uint8_t { dump, single };

/// Reads the answer to one walk, datagram by datagram.
class DumpReader {
  public:
    DumpReader(Walk walk, SocketSink sink, Answer answer = Answer::dump)
        : walk_(walk), answer_(answer), sink_(std::move(sink)) {}

    /// Hands the sockets of the datagram to the sink. False when the dump is over, for good or ill.
    bool read(std::span<const std::byte> datagram);

    /// Complete, or why not: refused by the kernel, interrupted, broken or ended before its end.
    Outcome outcome() const;

    /// Messages that were left out because they are no socket as we know them.
    std::uint64_t malformed() const { return malformed_; }

  private:
    void take_socket(const nlmsghdr& message);
    void hand_on();
    void end(const nlmsghdr& message);
    void lose(base::Why why, std::string_view detail);

    Walk walk_;
    Answer answer_;
    SocketSink sink_;
    bool done_ = false;
    std::optional<base::Gap> lost_;
    std::uint64_t malformed_ = 0;
    std::array<snapshot::Socket, 32> sockets_; // reading back what was just written stalls the processor
    std::size_t waiting_ = 0;                  // of these, for hand_on()
};

} // namespace kernel
