#include "kernel/sock_diag_writer.h"

#include "kernel/sock_diag.h"

#include <algorithm>
#include <array>

#include <linux/tcp.h>

namespace kernel {
namespace {

constexpr std::size_t largest_message = 1024;
using Buffer = std::array<std::byte, largest_message>;

void put_address(const snapshot::Socket& socket, const snapshot::Address& address, __be32 (&into)[4]) {
    const auto bytes = address.bytes();
    const bool v4 = socket.family == snapshot::Family::ipv4;
    std::memcpy(into, bytes.data() + (v4 ? 12 : 0), v4 ? 4 : 16);
}

inet_diag_msg body_of(const snapshot::Socket& socket) {
    inet_diag_msg body{};
    body.idiag_family = socket.family == snapshot::Family::ipv4 ? AF_INET : AF_INET6;
    body.idiag_state = static_cast<std::uint8_t>(socket.state == snapshot::State::bound ? snapshot::State::close
                                                                                       : socket.state);
    body.idiag_timer = static_cast<std::uint8_t>(socket.timer);
    body.idiag_retrans = socket.retransmits;
    put_address(socket, socket.local, body.id.idiag_src);
    put_address(socket, socket.remote, body.id.idiag_dst);
    body.id.idiag_sport = htons(socket.local_port);
    body.id.idiag_dport = htons(socket.remote_port);
    body.id.idiag_if = socket.device;
    std::memcpy(body.id.idiag_cookie, &socket.cookie, sizeof socket.cookie);
    body.idiag_expires = socket.expires_ms;
    body.idiag_rqueue = socket.rqueue;
    body.idiag_wqueue = socket.wqueue;
    body.idiag_uid = socket.uid;
    body.idiag_inode = socket.inode;
    return body;
}

void put_attributes(nlmsghdr* header, const snapshot::Socket& socket) {
    constexpr std::uint16_t cgroup_id = 21; // INET_DIAG_CGROUP_ID, missing in older headers
    if (socket.v6_only) {
        mnl_attr_put_u8(header, INET_DIAG_SKV6ONLY, *socket.v6_only ? 1 : 0);
    }
    if (socket.cgroup) {
        mnl_attr_put_u64(header, cgroup_id, *socket.cgroup);
    }
    if (socket.activity) {
        tcp_info info{};
        info.tcpi_last_data_sent = socket.activity->last_data_sent_ms;
        info.tcpi_last_data_recv = socket.activity->last_data_recv_ms;
        info.tcpi_last_ack_recv = socket.activity->last_ack_recv_ms;
        info.tcpi_options = socket.activity->timestamps ? TCPI_OPT_TIMESTAMPS : 0;
        mnl_attr_put(header, INET_DIAG_INFO, sizeof info, &info);
    }
}

void append(std::vector<std::byte>& datagram, const nlmsghdr* header) {
    const auto* bytes = static_cast<const std::byte*>(static_cast<const void*>(header));
    datagram.insert(datagram.end(), bytes, bytes + NLMSG_ALIGN(header->nlmsg_len));
}

} // namespace

void append_message(std::vector<std::byte>& datagram, const snapshot::Socket& socket) {
    alignas(NLMSG_ALIGNTO) Buffer buffer{};
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = TCPDIAG_GETSOCK;
    header->nlmsg_flags = NLM_F_MULTI;
    header->nlmsg_seq = dump_sequence;
    const inet_diag_msg body = body_of(socket);
    std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof body), &body, sizeof body);
    put_attributes(header, socket);
    append(datagram, header);
}

void append_end(std::vector<std::byte>& datagram) {
    alignas(NLMSG_ALIGNTO) Buffer buffer{};
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = NLMSG_DONE;
    header->nlmsg_flags = NLM_F_MULTI;
    header->nlmsg_seq = dump_sequence;
    mnl_nlmsg_put_extra_header(header, sizeof(std::int32_t));
    append(datagram, header);
}

} // namespace kernel
