#include "snapshot/socket.h"

namespace snapshot {

std::string_view name(State state) {
    switch (state) {
    case State::established:
        return "ESTABLISHED";
    case State::syn_sent:
        return "SYN_SENT";
    case State::syn_recv:
    case State::new_syn_recv:
        return "SYN_RECV";
    case State::fin_wait1:
        return "FIN_WAIT1";
    case State::fin_wait2:
        return "FIN_WAIT2";
    case State::time_wait:
        return "TIME_WAIT";
    case State::close:
        return "CLOSE";
    case State::close_wait:
        return "CLOSE_WAIT";
    case State::last_ack:
        return "LAST_ACK";
    case State::listen:
        return "LISTEN";
    case State::closing:
        return "CLOSING";
    case State::bound:
        return "BOUND";
    }
    return "UNKNOWN";
}

} // namespace snapshot
