// Netlink messages as a kernel would send them, and a machine in memory that answers with them.
#pragma once

#include "kernel/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace test {

using Bytes = std::vector<std::byte>;

struct Fields {
    std::uint8_t family = AF_INET;
    std::uint8_t state = 1;
    std::uint8_t timer = 0;
    std::uint8_t retransmits = 0;
    std::string local = "10.0.0.1";
    std::string remote = "10.0.0.2";
    std::uint16_t local_port = 40000;
    std::uint16_t remote_port = 443;
    std::uint32_t device = 0;
    std::uint64_t cookie = 0;
    std::uint32_t expires_ms = 0;
    std::uint32_t rqueue = 0;
    std::uint32_t wqueue = 0;
    std::uint32_t uid = 0;
    std::uint32_t inode = 0;
};

inline void append(Bytes& bytes, const void* data, std::size_t size) {
    const std::size_t before = bytes.size();
    bytes.resize(before + size);
    if (size > 0) {
        std::memcpy(bytes.data() + before, data, size);
    }
}

/// Pads to four bytes, as netlink does.
inline void pad(Bytes& bytes) {
    while (bytes.size() % 4 != 0) {
        bytes.push_back(std::byte{0});
    }
}

inline Bytes attribute(std::uint16_t type, const Bytes& payload) {
    const nlattr head{static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()), type};
    Bytes bytes;
    append(bytes, &head, sizeof head);
    append(bytes, payload.data(), payload.size());
    pad(bytes);
    return bytes;
}

inline Bytes message(std::uint16_t type, const Bytes& payload, std::uint16_t flags = NLM_F_MULTI,
                     std::uint32_t sequence = kernel::dump_sequence) {
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + payload.size());
    head.nlmsg_type = type;
    head.nlmsg_flags = flags;
    head.nlmsg_seq = sequence;
    Bytes bytes;
    append(bytes, &head, sizeof head);
    append(bytes, payload.data(), payload.size());
    pad(bytes);
    return bytes;
}

inline Bytes payload(const Fields& fields, const Bytes& attributes = {}) {
    inet_diag_msg said{};
    said.idiag_family = fields.family;
    said.idiag_state = fields.state;
    said.idiag_timer = fields.timer;
    said.idiag_retrans = fields.retransmits;
    ::inet_pton(fields.family, fields.local.c_str(), said.id.idiag_src);
    ::inet_pton(fields.family, fields.remote.c_str(), said.id.idiag_dst);
    said.id.idiag_sport = htons(fields.local_port);
    said.id.idiag_dport = htons(fields.remote_port);
    said.id.idiag_if = fields.device;
    std::memcpy(said.id.idiag_cookie, &fields.cookie, sizeof fields.cookie);
    said.idiag_expires = fields.expires_ms;
    said.idiag_rqueue = fields.rqueue;
    said.idiag_wqueue = fields.wqueue;
    said.idiag_uid = fields.uid;
    said.idiag_inode = fields.inode;
    Bytes bytes;
    append(bytes, &said, sizeof said);
    append(bytes, attributes.data(), attributes.size());
    return bytes;
}

inline Bytes socket_message(const Fields& fields, const Bytes& attributes = {}) {
    return message(TCPDIAG_GETSOCK, payload(fields, attributes));
}

inline Bytes number(std::int32_t value) {
    Bytes bytes;
    append(bytes, &value, sizeof value);
    return bytes;
}

inline Bytes done(std::int32_t error = 0) {
    return message(NLMSG_DONE, number(error));
}

inline Bytes refused(int error) {
    Bytes body = number(-error);
    body.resize(body.size() + sizeof(nlmsghdr));
    return message(NLMSG_ERROR, body, 0);
}

inline Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// Answers from maps; what is in none of them is absent.
class Machine : public kernel::SockDiagMachine {
  public:
    std::map<std::string, snapshot::Reading<std::string>> files;
    std::map<std::string, snapshot::Reading<std::vector<std::string>>> directories;
    std::map<std::string, double> change_times;
    std::map<Bytes, std::vector<Bytes>> dumps;
    std::map<Bytes, base::Gap> dump_gaps; // after the frames
    std::vector<Bytes> asked;
    bool knows_single = false;
    snapshot::Holders held;
    snapshot::CgroupPaths cgroups;
    std::vector<snapshot::WantedSocket> wanted_sockets;
    std::vector<std::uint64_t> cgroups_asked;
    double time = 1000;

    void answer(kernel::Walk walk, std::vector<Bytes> frames) {
        dumps[kernel::request_for({walk})] = std::move(frames);
    }
    bool was_asked(kernel::Walk walk) const {
        const Bytes wanted = kernel::request_for({walk});
        return std::find(asked.begin(), asked.end(), wanted) != asked.end();
    }

    snapshot::Reading<std::string> read(const std::string& path) override {
        const auto found = files.find(path);
        return found != files.end() ? found->second : base::Gap{path, base::Why::absent, "none"};
    }
    snapshot::Reading<std::vector<std::string>> list(const std::string& path) override {
        const auto found = directories.find(path);
        return found != directories.end() ? found->second : base::Gap{path, base::Why::absent, "none"};
    }
    std::optional<double> changed(const std::string& path) override {
        const auto found = change_times.find(path);
        return found != change_times.end() ? std::optional(found->second) : std::nullopt;
    }
    bool knows_single_sockets() const override { return knows_single; }
    kernel::Outcome dump(std::span<const std::byte> request, const kernel::FrameSink& sink) override {
        const Bytes key(request.begin(), request.end());
        asked.push_back(key);
        for (const Bytes& frame : dumps[key]) {
            if (!sink(frame)) {
                return base::Nothing{};
            }
        }
        const auto gap = dump_gaps.find(key);
        return gap != dump_gaps.end() ? kernel::Outcome(gap->second) : kernel::Outcome(base::Nothing{});
    }
    snapshot::Holders holders(std::span<const snapshot::WantedSocket> sockets) override {
        wanted_sockets.assign(sockets.begin(), sockets.end());
        return held;
    }
    snapshot::CgroupPaths cgroup_paths(std::span<const std::uint64_t> numbers) override {
        cgroups_asked.assign(numbers.begin(), numbers.end());
        return cgroups;
    }
    double now() override { return time; }
};

} // namespace test
