#include "tests/fuzz/through_capture.h"

#include "replay/capture.h"
#include "replay/recorder.h"
#include "tests/fuzz/harness.h"
#include "tests/kernel/messages.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <arpa/inet.h>
#include <linux/tcp.h>

namespace fuzz {
namespace {

using snapshot::Family;
using snapshot::Socket;

std::string text_of(const snapshot::Address& address, Family family) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const auto bytes = address.bytes();
    const bool is_short = family == Family::ipv4;
    ::inet_ntop(is_short ? AF_INET : AF_INET6, bytes.data() + (is_short ? 12 : 0), text.data(), text.size());
    return text.data();
}

test::Bytes raw(const auto& value) {
    test::Bytes bytes;
    test::append(bytes, &value, sizeof value);
    return bytes;
}

void put(test::Bytes& attributes, std::uint16_t type, const test::Bytes& payload) {
    const test::Bytes one = test::attribute(type, payload);
    test::append(attributes, one.data(), one.size());
}

test::Bytes attributes_of(const Socket& socket) {
    constexpr std::uint16_t cgroup_id = 21;
    constexpr std::uint16_t socket_options = 22;
    test::Bytes attributes;
    if (socket.v6_only) {
        put(attributes, INET_DIAG_SKV6ONLY, raw(static_cast<std::uint8_t>(*socket.v6_only ? 1 : 0)));
    }
    if (socket.cgroup) {
        put(attributes, cgroup_id, raw(*socket.cgroup));
    }
    if (socket.late_port) {
        put(attributes, socket_options, {std::byte{0}, std::byte{*socket.late_port}});
    }
    if (socket.activity) {
        tcp_info info{};
        info.tcpi_last_data_sent = socket.activity->last_data_sent_ms;
        info.tcpi_last_data_recv = socket.activity->last_data_recv_ms;
        info.tcpi_last_ack_recv = socket.activity->last_ack_recv_ms;
        info.tcpi_options = socket.activity->timestamps ? TCPI_OPT_TIMESTAMPS : 0;
        put(attributes, INET_DIAG_INFO, raw(info));
    }
    return attributes;
}

auto fields_of(const Socket& s) {
    return std::tie(s.local, s.remote, s.local_port, s.remote_port, s.family, s.state, s.timer, s.retransmits,
                    s.expires_ms, s.rqueue, s.wqueue, s.uid, s.inode, s.device, s.cookie, s.cgroup, s.v6_only,
                    s.late_port);
}

auto fields_of(const snapshot::Activity& a) {
    return std::tie(a.last_data_sent_ms, a.last_data_recv_ms, a.last_ack_recv_ms, a.timestamps);
}

} // namespace

test::Bytes message_of(const Socket& socket) {
    test::Fields fields;
    fields.family = socket.family == Family::ipv4 ? AF_INET : AF_INET6;
    fields.state = static_cast<std::uint8_t>(socket.state);
    fields.timer = static_cast<std::uint8_t>(socket.timer);
    fields.retransmits = socket.retransmits;
    fields.local = text_of(socket.local, socket.family);
    fields.remote = text_of(socket.remote, socket.family);
    fields.local_port = socket.local_port;
    fields.remote_port = socket.remote_port;
    fields.device = socket.device;
    fields.cookie = socket.cookie;
    fields.expires_ms = socket.expires_ms;
    fields.rqueue = socket.rqueue;
    fields.wqueue = socket.wqueue;
    fields.uid = socket.uid;
    fields.inode = socket.inode;
    return test::message(TCPDIAG_GETSOCK, test::payload(fields, attributes_of(socket)));
}

bool same(const Socket& a, const Socket& b) {
    return fields_of(a) == fields_of(b) && a.activity.has_value() == b.activity.has_value() &&
           (!a.activity || fields_of(*a.activity) == fields_of(*b.activity));
}

std::vector<Socket> through_capture(const std::vector<Socket>& sockets) {
    const kernel::Query everything{kernel::Walk::open}; // whatever state: the answer is not filtered again
    const auto request = kernel::request_for(everything);
    replay::RecordedDump dump;
    const auto add = [&](const std::vector<std::byte>& message) {
        const void* bytes = message.data();
        dump.frames.emplace_back(static_cast<const char*>(bytes), message.size());
    };
    for (const Socket& socket : sockets) {
        add(message_of(socket));
    }
    add(test::done());
    replay::Capture capture;
    auto& recorded = *capture.namespaces.emplace_back(std::make_unique<replay::RecordedNetns>());
    const void* bytes = request.data();
    recorded.dumps.emplace(std::string(static_cast<const char*>(bytes), request.size()), std::move(dump));
    const auto read = replay::parse_capture(replay::to_bytes(capture));
    require(read.has_value(), "a capture can be read again");
    auto targets = replay::replaying(*read);
    std::vector<Socket> found;
    const auto walked = targets.front().machine->sockets(everything, [&](std::span<const Socket> some) {
        found.insert(found.end(), some.begin(), some.end());
    });
    require(walked.outcome.has_value() && walked.malformed == 0, "a socket of a text is one of the kernel's");
    return found;
}

} // namespace fuzz
