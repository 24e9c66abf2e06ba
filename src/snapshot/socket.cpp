#include "snapshot/socket.h"

#include <algorithm>

namespace snapshot {

std::uint64_t retrying_for_ms(const Socket& socket) {
    if (!is_retrying(socket)) {
        return 0;
    }
    constexpr std::uint64_t first_timeout_ms = 200;
    constexpr unsigned most_doublings = 9; // 120 s: then it grows no more
    const unsigned doublings = std::min<unsigned>(socket.retransmits, most_doublings);
    const std::uint64_t left = socket.expires_ms;
    const std::uint64_t first = std::max(first_timeout_ms, left >> doublings);
    const std::uint64_t whole = first * ((std::uint64_t{2} << doublings) - 1);
    return whole - std::min(whole, left);
}

std::string_view name(TcpState state) {
    switch (state) {
    case TcpState::established:
        return "ESTABLISHED";
    case TcpState::syn_sent:
        return "SYN_SENT";
    case TcpState::syn_recv:
    case TcpState::new_syn_recv:
        return "SYN_RECV";
    case TcpState::fin_wait1:
        return "FIN_WAIT1";
    case TcpState::fin_wait2:
        return "FIN_WAIT2";
    case TcpState::time_wait:
        return "TIME_WAIT";
    case TcpState::close:
        return "CLOSE";
    case TcpState::close_wait:
        return "CLOSE_WAIT";
    case TcpState::last_ack:
        return "LAST_ACK";
    case TcpState::listen:
        return "LISTEN";
    case TcpState::closing:
        return "CLOSING";
    case TcpState::bound:
        return "BOUND";
    }
    return "UNKNOWN";
}

} // namespace snapshot
