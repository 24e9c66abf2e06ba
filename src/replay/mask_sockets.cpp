#include "replay/mask_sockets.h"

#include "base/text.h"
#include "kernel/proc_net.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace replay {

namespace {

constexpr std::uint16_t md5_signatures = 18; // INET_DIAG_MD5SIG
constexpr std::uint16_t conntrack_entry = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;
constexpr std::size_t body_at = NLMSG_HDRLEN;
constexpr std::size_t attributes_at = body_at + NLMSG_ALIGN(sizeof(inet_diag_msg));

template <typename T>
T value_at(const std::string& bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

void wipe(std::string& bytes, std::size_t from, std::size_t to) {
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
              bytes.begin() + static_cast<std::ptrdiff_t>(to), '\0');
}

/// Calls `edit` with the start and the end of each message; returns where the last one ends.
template <typename Edit>
std::size_t for_each_message(std::string& frame, Edit edit) {
    std::size_t at = 0;
    while (frame.size() - at >= sizeof(nlmsghdr)) {
        const std::size_t length = value_at<nlmsghdr>(frame, at).nlmsg_len;
        if (length < sizeof(nlmsghdr) || length > frame.size() - at) {
            break;
        }
        edit(at, at + length);
        at = std::min(at + NLMSG_ALIGN(length), frame.size());
    }
    return at;
}

/// Calls `edit` with the type, the start and the end of each attribute's content; returns where the last one
/// ends.
template <typename Edit>
std::size_t for_each_attribute(std::string& frame, std::size_t at, std::size_t end, Edit edit) {
    while (at < end && end - at >= sizeof(nlattr)) {
        const auto head = value_at<nlattr>(frame, at);
        if (head.nla_len < sizeof(nlattr) || head.nla_len > end - at) {
            break;
        }
        edit(static_cast<std::uint16_t>(head.nla_type & NLA_TYPE_MASK), at + sizeof(nlattr),
             at + head.nla_len);
        at = std::min(at + NLA_ALIGN(head.nla_len), end);
    }
    return at;
}

bool is_read(std::uint16_t attribute) {
    constexpr std::uint16_t cgroup_id = 21;
    constexpr std::uint16_t socket_options = 22;
    return attribute == INET_DIAG_INFO || attribute == INET_DIAG_SKV6ONLY || attribute == cgroup_id ||
           attribute == socket_options;
}

void replace_at(std::string& bytes, std::size_t at, bool v4, const AddressMap& other) {
    const auto real =
        v4 ? snapshot::Address::v4(bytes.data() + at) : snapshot::Address::v6(bytes.data() + at);
    const auto mask = other(real).bytes();
    std::memcpy(bytes.data() + at, mask.data() + (v4 ? 12 : 0), v4 ? 4 : 16);
}

void edit_socket(std::string& frame, std::size_t at, std::size_t end, const AddressMap& other) {
    const auto family = value_at<inet_diag_msg>(frame, at + body_at).idiag_family;
    for (const std::size_t field :
         {offsetof(inet_diag_sockid, idiag_src), offsetof(inet_diag_sockid, idiag_dst)}) {
        const std::size_t address = at + body_at + offsetof(inet_diag_msg, id) + field;
        if (family == AF_INET || family == AF_INET6) {
            replace_at(frame, address, family == AF_INET, other);
        }
        const std::size_t used = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
        wipe(frame, address + used, address + 16);
    }
    const std::size_t rest = for_each_attribute(frame, at + attributes_at, end,
                                                [&](std::uint16_t type, std::size_t from, std::size_t to) {
                                                    if (!is_read(type)) {
                                                        wipe(frame, from, to);
                                                    }
                                                });
    wipe(frame, std::min(rest, end), end);
}

/// The address stays one of its family; what is left over is wiped.
void edit_address(std::string& frame, std::uint16_t type, std::size_t from, std::size_t to,
                  const AddressMap& other) {
    const bool v4 = type == CTA_IP_V4_SRC || type == CTA_IP_V4_DST;
    const bool v6 = type == CTA_IP_V6_SRC || type == CTA_IP_V6_DST;
    const std::size_t length = v4 ? 4 : v6 ? 16 : 0;
    if (length == 0 || to - from < length) {
        wipe(frame, from, to);
        return;
    }
    replace_at(frame, from, v4, other);
    wipe(frame, from + length, to);
}

/// One direction of a connection that conntrack follows: its addresses, protocol and ports.
void edit_tuple(std::string& frame, std::size_t from, std::size_t to, const AddressMap& other) {
    for_each_attribute(frame, from, to, [&](std::uint16_t type, std::size_t at, std::size_t end) {
        for_each_attribute(frame, at, end, [&](std::uint16_t part, std::size_t first, std::size_t last) {
            const bool is_port =
                part == CTA_PROTO_NUM || part == CTA_PROTO_SRC_PORT || part == CTA_PROTO_DST_PORT;
            if (type == CTA_TUPLE_IP) {
                edit_address(frame, part, first, last, other);
            } else if (type != CTA_TUPLE_PROTO || !is_port) {
                wipe(frame, first, last);
            }
        });
        if (type != CTA_TUPLE_IP && type != CTA_TUPLE_PROTO) {
            wipe(frame, at, end);
        }
    });
}

void edit_conntrack(std::string& frame, std::size_t at, std::size_t end, const AddressMap& other) {
    const std::size_t begin = std::min(at + body_at + NLMSG_ALIGN(sizeof(nfgenmsg)), end);
    const std::size_t rest =
        for_each_attribute(frame, begin, end, [&](std::uint16_t type, std::size_t from, std::size_t to) {
            if (type == CTA_TUPLE_ORIG || type == CTA_TUPLE_REPLY) {
                edit_tuple(frame, from, to, other);
            } else {
                wipe(frame, from, to);
            }
        });
    wipe(frame, std::min(rest, end), end);
}

/// "Towards this end": struct inet_diag_hostcond behind the operation.
void edit_condition(std::string& request, std::size_t at, std::size_t end, const AddressMap& other) {
    if (end - at < sizeof(inet_diag_hostcond)) {
        wipe(request, at, end);
        return;
    }
    const auto host = value_at<inet_diag_hostcond>(request, at);
    const std::size_t address = at + sizeof host;
    const std::size_t length = host.family == AF_INET ? 4 : 16;
    if (end - address >= length) {
        replace_at(request, address, host.family == AF_INET, other);
    } else {
        wipe(request, address, end);
    }
}

void edit_filter(std::string& request, std::size_t at, std::size_t end, const AddressMap& other) {
    while (end - at >= sizeof(inet_diag_bc_op)) {
        const auto operation = value_at<inet_diag_bc_op>(request, at);
        const bool names_host =
            operation.code == INET_DIAG_BC_S_COND || operation.code == INET_DIAG_BC_D_COND;
        const std::size_t length = std::clamp<std::size_t>(operation.yes, sizeof operation, end - at);
        if (names_host) {
            edit_condition(request, at + sizeof operation, at + length, other);
        }
        at += length;
    }
}

} // namespace

void forget_keys(std::string& frame) {
    for_each_message(frame, [&](std::size_t at, std::size_t end) {
        if (value_at<nlmsghdr>(frame, at).nlmsg_type != TCPDIAG_GETSOCK) {
            return;
        }
        for_each_attribute(frame, at + attributes_at, end,
                           [&](std::uint16_t type, std::size_t from, std::size_t to) {
                               if (type == md5_signatures) {
                                   wipe(frame, from, to);
                               }
                           });
    });
}

void replace_addresses(std::string& frame, const AddressMap& other) {
    const std::size_t rest = for_each_message(frame, [&](std::size_t at, std::size_t end) {
        const std::uint16_t type = value_at<nlmsghdr>(frame, at).nlmsg_type;
        if (type == TCPDIAG_GETSOCK && end - at >= attributes_at) {
            edit_socket(frame, at, end, other);
        } else if (type == conntrack_entry) {
            edit_conntrack(frame, at, end, other);
        } else if (type == NLMSG_DONE || type == NLMSG_ERROR) {
            const std::size_t number_end = at + body_at + sizeof(std::int32_t);
            wipe(frame, std::min(number_end, end), end);
        } else {
            wipe(frame, at + body_at, end);
        }
    });
    wipe(frame, rest, frame.size());
}

void replace_addresses_in_request(std::string& request, const AddressMap& other) {
    constexpr std::size_t filter_at = body_at + NLMSG_ALIGN(sizeof(inet_diag_req));
    for_each_message(request, [&](std::size_t at, std::size_t end) {
        for_each_attribute(
            request, at + filter_at, end,
            [&](std::uint16_t, std::size_t from, std::size_t to) { edit_filter(request, from, to, other); });
    });
}

namespace {

using snapshot::Family;

/// As the kernel prints it: each 32-bit word as a number of its own byte order.
std::string hexadecimal_of(const snapshot::Address& address, Family family) {
    const auto bytes = address.bytes();
    std::string text;
    for (std::size_t at = family == Family::ipv4 ? 12 : 0; at < bytes.size(); at += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, &bytes[at], sizeof word);
        fmt::format_to(std::back_inserter(text), "{:08X}", word);
    }
    return text;
}

bool is_table_heading(std::string_view line) {
    return base::trim(line).starts_with("sl ") && line.find("local_address") != std::string_view::npos &&
           line.size() < 300;
}

std::string replaced(std::string_view line, const AddressMap& other) {
    const auto words = base::words(line);
    if (words.size() < 3) {
        return "?";
    }
    constexpr std::size_t v4_width = 8 + 1 + 4;
    const Family family = words[1].size() == v4_width ? Family::ipv4 : Family::ipv6;
    const auto socket = kernel::parse_proc_line(line, family);
    if (!socket) {
        return "?";
    }
    std::string text(line);
    const std::size_t width = family == Family::ipv4 ? 8 : 32;
    const auto put = [&](std::string_view word, const snapshot::Address& address) {
        text.replace(static_cast<std::size_t>(word.data() - line.data()), width,
                     hexadecimal_of(other(address), family));
    };
    put(words[1], socket->local);
    put(words[2], socket->remote);
    return text;
}

} // namespace

std::string replace_in_proc_table(std::string_view text, const AddressMap& other) {
    std::vector<std::string> lines;
    for (const std::string_view line : base::split(text, '\n')) {
        const bool stays = line.empty() || is_table_heading(line);
        lines.push_back(stays ? std::string(line) : replaced(line, other));
    }
    return base::join(lines, "\n");
}

} // namespace replay
