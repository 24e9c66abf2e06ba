#include "snapshot/socket.h"

namespace snapshot {

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
