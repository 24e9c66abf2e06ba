// One TCP socket as the kernel described it: what a reader hands to the census. No judgement, no history.
#pragma once

#include "snapshot/address.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace snapshot {

/// The kernel's own numbers (include/net/tcp_states.h), so that a byte from sock_diag is a State. `bound` is
/// TCP_BOUND_INACTIVE; sock_diag reports such sockets as `close`.
enum class TcpState : std::uint8_t {
    established = 1,
    syn_sent = 2,
    syn_recv = 3,
    fin_wait1 = 4,
    fin_wait2 = 5,
    time_wait = 6,
    close = 7,
    close_wait = 8,
    last_ack = 9,
    listen = 10,
    closing = 11,
    new_syn_recv = 12,
    bound = 13,
};
constexpr std::size_t state_count = 14; // valid indices are 1..13

/// The states that are shown, in the order of a connection's life.
constexpr std::array<TcpState, 12> shown_states = {
    TcpState::listen,      TcpState::bound,      TcpState::syn_sent,  TcpState::syn_recv,
    TcpState::established, TcpState::fin_wait1,  TcpState::fin_wait2, TcpState::closing,
    TcpState::time_wait,   TcpState::close_wait, TcpState::last_ack,  TcpState::close};

/// The name that netstat prints: "TIME_WAIT". BOUND for bound but unconnected.
std::string_view name(TcpState state);

/// The socket's own family: a v4-mapped socket is ipv6 here, as netstat counts it.
enum class Family : std::uint8_t { ipv4, ipv6 };

/// `idiag_timer` of sock_diag.
enum class Timer : std::uint8_t { none = 0, retransmit = 1, keepalive = 2, time_wait = 3, probe = 4 };

/// From tcp_info, in milliseconds before the dump.
struct Activity {
    std::uint32_t last_data_sent_ms = 0;
    std::uint32_t last_data_recv_ms = 0;
    std::uint32_t last_ack_recv_ms = 0;
    bool timestamps = false; // TCP timestamps were negotiated
};

struct Socket {
    Address local;
    Address remote;
    std::uint16_t local_port = 0;
    std::uint16_t remote_port = 0;
    Family family = Family::ipv4;
    TcpState state = TcpState::close;
    Timer timer = Timer::none;
    std::uint8_t retransmits = 0;
    std::uint32_t expires_ms = 0; // until the timer fires
    std::uint32_t rqueue = 0;     // LISTEN: accept queue; else bytes not read, the FIN counts one
    std::uint32_t wqueue = 0;     // LISTEN: backlog limit; else bytes not acknowledged
    std::uint32_t uid = 0;        // means nothing when inode is 0
    std::uint32_t inode = 0;      // 0: no file descriptor (TIME_WAIT, orphan, not yet accepted)
    std::uint32_t device = 0;     // SO_BINDTODEVICE interface index, 0 for none
    std::uint64_t cookie = 0;     // 0 if the source has none (/proc)
    std::optional<std::uint64_t> cgroup;
    std::optional<bool> v6_only;      // LISTEN and BOUND only
    std::optional<bool> late_port;    // IP_BIND_ADDRESS_NO_PORT: bind() leaves the port to connect()
    std::optional<Activity> activity; // only where tcp_info was asked for
};

/// From so many retransmissions of one segment on, nobody answers: with the kernel's least timeout of 200 ms
/// that is 1.4 s.
constexpr std::uint8_t unanswered_retransmits = 3;

/// An open connection that sends the same segment again and again. With the retransmission timer the kernel
/// tells icsk_retransmits, which each acknowledgement of something new sets to 0 (Linux 6.18:
/// inet_sk_diag_fill(), get_tcp4_sock(), tcp_ack()); a full window is another timer, `probe`.
constexpr bool is_retrying(const Socket& socket) {
    return socket.retransmits >= unanswered_retransmits && socket.timer == Timer::retransmit &&
           socket.state == TcpState::established;
}

/// How long such a connection has been sending the same segment at least, in milliseconds: each timeout is
/// twice the one before, the first is no shorter than 200 ms, and the one that runs is no shorter than what
/// is left of it (kernel: tcp_retransmit_timer(), TCP_RTO_MIN). A host with a lower net.ipv4.tcp_rto_min_us
/// may have come there sooner. 0 if it is not retrying.
std::uint64_t retrying_for_ms(const Socket& socket);

/// Has data to send and may not: the window of the peer is full, and the kernel only asks whether it has
/// opened (kernel: tcp_check_probe_timer()).
constexpr bool is_stalled(const Socket& socket) {
    return socket.timer == Timer::probe && socket.wqueue > 0 &&
           (socket.state == TcpState::established || socket.state == TcpState::close_wait);
}

} // namespace snapshot
