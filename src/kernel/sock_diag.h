// The sock_diag protocol: questions about the TCP socket table as bytes, and bytes of the answer as sockets.
// Opens nothing. Legacy TCPDIAG_GETSOCK is used because it walks the table once for both address families.
#pragma once

#include "kernel/machine.h"
#include "snapshot/socket.h"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <optional>
#include <span>
#include <sys/socket.h>
#include <vector>

#include <libmnl/libmnl.h>

namespace kernel {

/// The questions. `connections` are all states but LISTEN; `bound` are bound but unconnected sockets
/// (since 6.8); `explicit_binds` are full sockets, listening ones too, whose port was given to bind();
/// `options` are full sockets with their options; `peers` those towards a few remote ends, with tcp_info.
enum class Walk { listeners, connections, close_waits, explicit_binds, bound, options, peers };

/// The netlink message to send; always the same bytes for the same walk, so that a capture can be keyed by
/// them.
std::vector<std::byte> request_for(Walk walk);

/// The message of Walk::peers. At most `most_peers` remote ends; v4-mapped sockets count as IPv4.
std::vector<std::byte> request_for_peers(std::span<const snapshot::EndPoint> remotes);

/// The remote ends that such a request names; empty for any other request.
std::vector<snapshot::EndPoint> peers_of(std::span<const std::byte> request);
constexpr std::size_t most_peers = 8;

/// The gap for a system error of the sock_diag socket or of its answer: `absent` means that this kernel has
/// none.
base::Gap refusal(int error);

/// Reads the answer to one walk, datagram by datagram.
class DumpReader {
  public:
    explicit DumpReader(Walk walk) : walk_(walk) {}

    /// Hands each socket of the datagram to `sink`. False when the dump is over, for good or ill.
    template <typename Sink>
    bool read(std::span<const std::byte> datagram, Sink&& sink);

    /// Complete, or why not: refused by the kernel, interrupted, broken or ended before its end.
    Outcome outcome() const;

    /// Messages that were left out because they are no socket as we know them.
    std::uint64_t malformed() const { return malformed_; }

  private:
    bool parse(const nlmsghdr& message, snapshot::Socket& socket);
    bool parse_attributes(const nlmsghdr& message, snapshot::Socket& socket);
    void end(const nlmsghdr& message);
    void lose(base::Why why, std::string_view detail);

    Walk walk_;
    bool done_ = false;
    std::optional<base::Gap> lost_;
    std::uint64_t malformed_ = 0;
    std::array<snapshot::Socket, 2> sockets_;
};

/// Of every request, and so of every message of its answer.
constexpr std::uint32_t dump_sequence = 1;

inline bool DumpReader::parse(const nlmsghdr& message, snapshot::Socket& socket) {
    constexpr auto smallest = sizeof(nlmsghdr) + sizeof(inet_diag_msg);
    if (message.nlmsg_len < smallest) {
        return false;
    }
    inet_diag_msg said;
    std::memcpy(&said, &message + 1, sizeof said);
    if (said.idiag_family == AF_INET) {
        socket.family = snapshot::Family::ipv4;
        socket.local = snapshot::Address::v4(said.id.idiag_src);
        socket.remote = snapshot::Address::v4(said.id.idiag_dst);
    } else if (said.idiag_family == AF_INET6) {
        socket.family = snapshot::Family::ipv6;
        socket.local = snapshot::Address::v6(said.id.idiag_src);
        socket.remote = snapshot::Address::v6(said.id.idiag_dst);
    } else {
        return false;
    }
    if (said.idiag_state == 0 || said.idiag_state >= snapshot::state_count || said.idiag_timer > 4) {
        return false;
    }
    socket.state = static_cast<snapshot::State>(said.idiag_state);
    socket.timer = static_cast<snapshot::Timer>(said.idiag_timer);
    socket.local_port = ntohs(said.id.idiag_sport);
    socket.remote_port = ntohs(said.id.idiag_dport);
    socket.retransmits = said.idiag_retrans;
    socket.expires_ms = said.idiag_expires;
    socket.rqueue = said.idiag_rqueue;
    socket.wqueue = said.idiag_wqueue;
    socket.uid = said.idiag_uid;
    socket.inode = said.idiag_inode;
    socket.device = said.id.idiag_if;
    std::memcpy(&socket.cookie, said.id.idiag_cookie, sizeof socket.cookie);
    return walk_ == Walk::connections || parse_attributes(message, socket);
}

/// mnl_nlmsg_ok() (libmnl 1.0.4) takes lengths over 2 GiB for negative ones, which fit everywhere.
inline bool fits(const nlmsghdr* message, int left) {
    constexpr int smallest = sizeof(nlmsghdr);
    return left >= smallest && message->nlmsg_len >= sizeof(nlmsghdr) &&
           message->nlmsg_len <= static_cast<std::uint32_t>(left);
}

template <typename Sink>
bool DumpReader::read(std::span<const std::byte> datagram, Sink&& sink) {
    const auto* message = static_cast<const nlmsghdr*>(static_cast<const void*>(datagram.data()));
    int left = static_cast<int>(datagram.size());
    // A socket is handed on after the next one was parsed: reading back what was just written stalls the
    // processor.
    const snapshot::Socket* parsed = nullptr;
    const auto hand_on = [&] {
        if (parsed != nullptr) {
            sink(*parsed);
        }
    };
    std::size_t turn = 0;
    for (; fits(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_seq != dump_sequence) {
            continue; // an answer to somebody else's question
        }
        if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
            lose(base::Why::truncated, "the table changed during the dump");
        }
        if (message->nlmsg_type == TCPDIAG_GETSOCK) {
            snapshot::Socket& next = sockets_[turn];
            if (parse(*message, next)) {
                hand_on();
                parsed = &next;
                turn = 1 - turn;
            } else {
                ++malformed_;
            }
        } else if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
            hand_on();
            end(*message);
            return false;
        } else if (message->nlmsg_type != NLMSG_NOOP) {
            lose(base::Why::truncated, "the dump holds a message that is no socket");
        }
    }
    hand_on();
    if (datagram.empty()) {
        lose(base::Why::truncated, "an empty datagram in the dump");
        return false;
    }
    if (left > 0) {
        lose(base::Why::truncated, "a message of the dump is cut short");
        return false;
    }
    return true;
}

// Sockets as messages of sock_diag, for those that other sources told: the reverse of sock_diag.h.

/// Adds the message to the datagram, with the attributes for which the socket has something.
void append_message(std::vector<std::byte>& datagram, const snapshot::Socket& socket);

/// Adds the end of a dump.
void append_end(std::vector<std::byte>& datagram);

} // namespace kernel
