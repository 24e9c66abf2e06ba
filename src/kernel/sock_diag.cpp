#include "kernel/sock_diag.h"

#include "base/gap.h"
#include "kernel/conntrack.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

namespace kernel {

namespace {

constexpr std::string_view table_name = "the socket table";

constexpr std::uint32_t bit(snapshot::TcpState state) {
    return std::uint32_t{1} << static_cast<unsigned>(state);
}

constexpr std::uint32_t all_states = (bit(snapshot::TcpState::bound) << 1) - 2;

std::uint32_t states_of(Walk walk) {
    using snapshot::TcpState;
    switch (walk) {
    case Walk::listeners:
        return bit(TcpState::listen);
    case Walk::connections:
        return all_states & ~(bit(TcpState::listen) | bit(TcpState::bound));
    case Walk::close_waits:
        return bit(TcpState::close_wait);
    case Walk::explicit_binds:
        // TIME_WAIT and SYN_RECV have no locks to ask for: inet_diag takes each of them for automatic
        return all_states & ~(bit(TcpState::bound) | bit(TcpState::time_wait) | bit(TcpState::syn_recv));
    case Walk::bound:
        return bit(TcpState::bound);
    case Walk::options:
        return all_states & ~(bit(TcpState::bound) | bit(TcpState::listen) | bit(TcpState::time_wait) |
                              bit(TcpState::syn_recv));
    case Walk::peers:
        return bit(TcpState::syn_sent) | bit(TcpState::established) | bit(TcpState::fin_wait1) |
               bit(TcpState::fin_wait2) | bit(TcpState::closing) | bit(TcpState::close_wait) |
               bit(TcpState::last_ack);
    case Walk::queues:
    case Walk::open:
        return bit(TcpState::established);
    }
    return 0;
}

/// "Skip what has an automatic port": AUTO goes on to the jump, which leads past the end and so refuses; all
/// others land exactly on the end, which accepts (kernel: inet_diag_bc_run()).
constexpr std::array<inet_diag_bc_op, 2> not_automatic = {
    {{INET_DIAG_BC_AUTO, 4, 8}, {INET_DIAG_BC_JMP, 4, 8}}};

/// "Towards one of these": a condition that holds goes on to the jump behind it, which leads to the end and
/// so accepts; one that does not skips the jump (kernel: inet_diag_bc_run()).
constexpr std::size_t condition = sizeof(inet_diag_bc_op) + sizeof(inet_diag_hostcond) + 16;
constexpr std::size_t jump = sizeof(inet_diag_bc_op);

std::vector<std::byte> towards(std::span<const snapshot::EndPoint> remotes) {
    std::vector<std::byte> code(remotes.size() * (condition + jump));
    std::size_t at = 0;
    for (const snapshot::EndPoint& remote : remotes) {
        const bool v4 = remote.address.is_v4();
        const auto bytes = remote.address.bytes();
        const inet_diag_bc_op test{INET_DIAG_BC_D_COND, condition, condition + jump};
        inet_diag_hostcond host{};
        host.family = v4 ? AF_INET : AF_INET6;
        host.prefix_len = v4 ? 32 : 128;
        host.port = remote.port;
        const std::size_t left = code.size() - at - condition;
        const inet_diag_bc_op accept{INET_DIAG_BC_JMP, jump, static_cast<std::uint16_t>(left)};
        std::memcpy(&code[at], &test, sizeof test);
        std::memcpy(&code[at + sizeof test], &host, sizeof host);
        std::memcpy(&code[at + sizeof test + sizeof host], bytes.data() + (v4 ? 12 : 0), v4 ? 4 : 16);
        std::memcpy(&code[at + condition], &accept, sizeof accept);
        at += condition + jump;
    }
    return code;
}

/// "From one of these ports": the same, with conditions that name no address.
std::vector<std::byte> from(std::span<const std::uint16_t> ports) {
    constexpr std::size_t short_condition = sizeof(inet_diag_bc_op) + sizeof(inet_diag_hostcond);
    std::vector<std::byte> code(ports.size() * (short_condition + jump));
    std::size_t at = 0;
    for (const std::uint16_t port : ports) {
        const inet_diag_bc_op test{INET_DIAG_BC_S_COND, short_condition, short_condition + jump};
        inet_diag_hostcond host{};
        host.family = AF_UNSPEC;
        host.port = port;
        const std::size_t left = code.size() - at - short_condition;
        const inet_diag_bc_op accept{INET_DIAG_BC_JMP, jump, static_cast<std::uint16_t>(left)};
        std::memcpy(&code[at], &test, sizeof test);
        std::memcpy(&code[at + sizeof test], &host, sizeof host);
        std::memcpy(&code[at + short_condition], &accept, sizeof accept);
        at += short_condition + jump;
    }
    return code;
}

bool wants_info(Walk walk) {
    return walk == Walk::close_waits || walk == Walk::peers || walk == Walk::queues || walk == Walk::open;
}

/// Begins the request in `bytes`.
std::pair<nlmsghdr*, inet_diag_req*> begin(std::vector<std::byte>& bytes, Walk walk, std::uint16_t flags) {
    nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
    header->nlmsg_type = TCPDIAG_GETSOCK;
    header->nlmsg_flags = flags;
    header->nlmsg_seq = dump_sequence;
    auto* question = static_cast<inet_diag_req*>(mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req)));
    question->idiag_states = states_of(walk);
    if (wants_info(walk)) {
        question->idiag_ext = 1U << (INET_DIAG_INFO - 1);
    }
    return {header, question};
}

std::vector<std::byte> request_of(Walk walk, std::span<const std::byte> filter) {
    std::vector<std::byte> request(512);
    nlmsghdr* header = begin(request, walk, NLM_F_REQUEST | NLM_F_DUMP).first;
    if (!filter.empty()) {
        mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, filter.size(), filter.data());
    }
    request.resize(header->nlmsg_len);
    return request;
}

} // namespace

std::vector<std::byte> request_for(const Query& query) {
    switch (query.walk) {
    case Walk::explicit_binds:
        return request_of(query.walk, std::as_bytes(std::span(not_automatic)));
    case Walk::peers:
        return request_of(query.walk,
                          towards(query.remotes.first(std::min(query.remotes.size(), most_peers))));
    case Walk::queues:
        return request_of(query.walk, from(query.ports.first(std::min(query.ports.size(), most_ports))));
    case Walk::listeners:
    case Walk::connections:
    case Walk::close_waits:
    case Walk::bound:
    case Walk::options:
    case Walk::open:
        break;
    }
    return request_of(query.walk, {});
}

std::vector<std::byte> request_for(Walk walk, const snapshot::Socket& socket) {
    std::vector<std::byte> request(256);
    const auto [header, question] = begin(request, walk, NLM_F_REQUEST);
    const bool v4 = socket.family == snapshot::Family::ipv4;
    question->idiag_family = v4 ? AF_INET : AF_INET6;
    question->id.idiag_sport = htons(socket.local_port);
    question->id.idiag_dport = htons(socket.remote_port);
    const std::size_t begins = v4 ? 12 : 0;
    std::memcpy(question->id.idiag_src, socket.local.bytes().data() + begins, 16 - begins);
    std::memcpy(question->id.idiag_dst, socket.remote.bytes().data() + begins, 16 - begins);
    question->id.idiag_if = socket.device;
    std::memset(question->id.idiag_cookie, 0xFF, sizeof question->id.idiag_cookie); // any
    request.resize(header->nlmsg_len);
    return request;
}

std::vector<snapshot::EndPoint> peers_of(std::span<const std::byte> request) {
    constexpr std::size_t first = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(inet_diag_req)) + NLA_HDRLEN;
    std::vector<snapshot::EndPoint> remotes;
    for (std::size_t at = first; at + condition + jump <= request.size(); at += condition + jump) {
        inet_diag_hostcond host{};
        std::memcpy(&host, &request[at + sizeof(inet_diag_bc_op)], sizeof host);
        const void* address = &request[at + sizeof(inet_diag_bc_op) + sizeof host];
        remotes.push_back(
            {host.family == AF_INET ? snapshot::Address::v4(address) : snapshot::Address::v6(address),
             static_cast<std::uint16_t>(host.port)});
    }
    const bool ours = !remotes.empty() && std::ranges::equal(request_for({Walk::peers, remotes}), request);
    return ours ? remotes : std::vector<snapshot::EndPoint>();
}

namespace {

/// ENOENT: no inet_diag or tcp_diag module.
bool is_unknown_here(int error) {
    return error == EPROTONOSUPPORT || error == EAFNOSUPPORT || error == EOPNOTSUPP;
}

} // namespace

base::Gap refusal(int error) {
    return {std::string(table_name), is_unknown_here(error) ? base::Why::absent : base::why_of(error),
            "sock_diag: " + base::error_text(error)};
}

/// None if only a walk can tell: an answer was about another socket between the same ends, or failed.
std::optional<Walked> SockDiagMachine::look_up(const Query& query, const SocketSink& sink) {
    const std::uint32_t states = states_of(query.walk);
    std::vector<snapshot::Socket> found;
    Walked walked;
    for (const snapshot::Socket& wanted : *query.known) {
        bool is_other = false;
        const auto take = [&](std::span<const snapshot::Socket> answer) {
            for (const snapshot::Socket& socket : answer) {
                is_other = is_other || socket.cookie != wanted.cookie;
                if ((states & bit(socket.state)) != 0) {
                    found.push_back(socket);
                }
            }
        };
        DumpReader reader(query.walk, take, Answer::single);
        const Outcome received =
            dump(request_for(query.walk, wanted), [&](std::span<const std::byte> datagram) {
                walked.bytes += datagram.size();
                return reader.read(datagram);
            });
        const Outcome outcome = received ? reader.outcome() : received;
        const bool is_gone = !outcome && outcome.error() == refusal(ENOENT);
        if (is_other || reader.malformed() > 0 || (!outcome && !is_gone)) {
            return std::nullopt;
        }
    }
    sink(found);
    return walked;
}

Walked SockDiagMachine::sockets(const Query& query, const SocketSink& sink) {
    if (query.known && knows_single_sockets()) {
        if (auto walked = look_up(query, sink)) {
            return *walked;
        }
    }
    DumpReader reader(query.walk, sink);
    Walked walked;
    const Outcome received = dump(request_for(query), [&](std::span<const std::byte> datagram) {
        walked.bytes += datagram.size();
        return reader.read(datagram);
    });
    walked.outcome = received ? reader.outcome() : received;
    walked.malformed = reader.malformed();
    return walked;
}

bool fits(const nlmsghdr* message, int left) {
    constexpr int smallest = sizeof(nlmsghdr);
    return left >= smallest && message->nlmsg_len >= sizeof(nlmsghdr) &&
           message->nlmsg_len <= static_cast<std::uint32_t>(left);
}

Outcome SockDiagMachine::nat(const NatSink& sink) {
    return read_nat(*this, sink);
}

namespace {

/// The 32-bit field of tcp_info at `offset`; none if this kernel's tcp_info ends before it.
std::optional<std::uint32_t> info_field(const nlattr& info, std::size_t offset) {
    std::uint32_t value = 0;
    if (mnl_attr_get_payload_len(&info) < offset + sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, static_cast<const char*>(mnl_attr_get_payload(&info)) + offset, sizeof value);
    return value;
}

std::optional<snapshot::Activity> activity_of(const nlattr& info) {
    const auto sent = info_field(info, offsetof(tcp_info, tcpi_last_data_sent));
    const auto received = info_field(info, offsetof(tcp_info, tcpi_last_data_recv));
    const auto acknowledged = info_field(info, offsetof(tcp_info, tcpi_last_ack_recv));
    if (!sent || !received || !acknowledged) {
        return std::nullopt;
    }
    const auto options =
        static_cast<const std::uint8_t*>(mnl_attr_get_payload(&info))[offsetof(tcp_info, tcpi_options)];
    return snapshot::Activity{*sent, *received, *acknowledged, (options & TCPI_OPT_TIMESTAMPS) != 0};
}

/// One attribute of a socket; false if its size is wrong.
bool take_attribute(const nlattr& attribute, snapshot::Socket& socket) {
    constexpr std::uint16_t cgroup_id =
        21; // INET_DIAG_CGROUP_ID and INET_DIAG_SOCKOPT, missing in older headers
    constexpr std::uint16_t socket_options = 22;
    const std::uint16_t length = mnl_attr_get_payload_len(&attribute);
    switch (mnl_attr_get_type(&attribute)) {
    case INET_DIAG_SKV6ONLY:
        if (length < 1) {
            return false;
        }
        socket.v6_only = mnl_attr_get_u8(&attribute) != 0;
        return true;
    case INET_DIAG_INFO:
        socket.activity = activity_of(attribute);
        return true;
    case cgroup_id:
        if (length < sizeof(std::uint64_t)) {
            return false;
        }
        socket.cgroup = mnl_attr_get_u64(&attribute);
        return true;
    case socket_options:
        if (length < 2) {
            return false;
        }
        // struct inet_diag_sockopt: bind_address_no_port is the first bit of the second byte
        socket.late_port = (static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute))[1] &
                            (std::endian::native == std::endian::little ? 0x01 : 0x80)) != 0;
        return true;
    default:
        return true;
    }
}

bool take_attributes(const nlmsghdr& message, snapshot::Socket& socket) {
    socket.v6_only.reset();
    socket.late_port.reset();
    socket.cgroup.reset();
    socket.activity.reset();
    const auto* at =
        static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, sizeof(inet_diag_msg)));
    const auto* tail = static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message));
    const auto left = [&] {
        return static_cast<int>(tail - static_cast<const char*>(static_cast<const void*>(at)));
    };
    for (; mnl_attr_ok(at, left()); at = mnl_attr_next(at)) {
        if (!take_attribute(*at, socket)) {
            return false;
        }
    }
    return left() <= 0;
}

/// False if it is no socket as we know them.
bool parse(const nlmsghdr& message, Walk walk, snapshot::Socket& socket) {
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
    socket.state = static_cast<snapshot::TcpState>(said.idiag_state);
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
    // the census puts these down to a control group
    const bool is_awaiting = socket.state == snapshot::TcpState::fin_wait2 && socket.inode != 0;
    return (walk == Walk::connections && !is_awaiting) || take_attributes(message, socket);
}

} // namespace

void DumpReader::hand_on() {
    if (waiting_ > 0) {
        sink_(std::span(sockets_).first(waiting_));
        waiting_ = 0;
    }
}

inline void DumpReader::take_socket(const nlmsghdr& message) {
    if (!parse(message, walk_, sockets_[waiting_])) {
        ++malformed_;
    } else if (++waiting_ == sockets_.size()) {
        hand_on();
    }
}

bool DumpReader::read(std::span<const std::byte> datagram) {
    const auto* message = static_cast<const nlmsghdr*>(static_cast<const void*>(datagram.data()));
    int left = static_cast<int>(datagram.size());
    for (; fits(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_seq != dump_sequence) {
            continue; // an answer to somebody else's question
        }
        if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
            lose(base::Why::truncated, "the table changed during the dump");
        }
        if (message->nlmsg_type == TCPDIAG_GETSOCK) {
            take_socket(*message);
            if (answer_ == Answer::single) {
                hand_on();
                done_ = true;
                return false;
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

void DumpReader::lose(base::Why why, std::string_view detail) {
    if (!lost_) {
        lost_ = base::Gap{std::string(table_name), why, std::string(detail)};
    }
}

void DumpReader::end(const nlmsghdr& message) {
    std::int32_t error = 0; // both kinds of message start with it: negative, or 0 for none
    if (mnl_nlmsg_get_payload_len(&message) >= sizeof error) {
        std::memcpy(&error, mnl_nlmsg_get_payload(&message), sizeof error);
    } else if (message.nlmsg_type == NLMSG_ERROR) {
        lose(base::Why::failed, "sock_diag: an error without a number");
        return;
    }
    if (error < 0 && error > -4096) {
        if (!lost_) {
            lost_ = refusal(-error);
        }
    } else if (error != 0 || message.nlmsg_type == NLMSG_ERROR) {
        lose(base::Why::failed, "sock_diag: an answer that makes no sense");
    } else {
        done_ = true;
    }
}

Outcome DumpReader::outcome() const {
    if (lost_) {
        return *lost_;
    }
    if (!done_) {
        return base::Gap{std::string(table_name), base::Why::truncated, "the dump ended before its end"};
    }
    return base::Nothing{};
}

} // namespace kernel
