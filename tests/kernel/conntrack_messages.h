// Entries of conntrack as the kernel sends them.
#pragma once

#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <vector>

#include <libmnl/libmnl.h>

namespace test {

constexpr std::uint16_t conntrack_entry_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;

inline void put_tuple(nlmsghdr* header, std::uint16_t type, const char* source, std::uint16_t source_port,
                      const char* destination, std::uint16_t destination_port, std::uint8_t protocol) {
    nlattr* tuple = mnl_attr_nest_start(header, type);
    nlattr* ip = mnl_attr_nest_start(header, CTA_TUPLE_IP);
    mnl_attr_put_u32(header, CTA_IP_V4_SRC, ::inet_addr(source));
    mnl_attr_put_u32(header, CTA_IP_V4_DST, ::inet_addr(destination));
    mnl_attr_nest_end(header, ip);
    nlattr* ports = mnl_attr_nest_start(header, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(header, CTA_PROTO_NUM, protocol);
    mnl_attr_put_u16(header, CTA_PROTO_SRC_PORT, htons(source_port));
    mnl_attr_put_u16(header, CTA_PROTO_DST_PORT, htons(destination_port));
    mnl_attr_nest_end(header, ports);
    mnl_attr_nest_end(header, tuple);
}

/// As the kernel sends it: 10.0.0.7:5000 goes to 192.0.2.9:443 and is seen there as 203.0.113.1:40007.
inline std::vector<std::byte> conntrack_entry(std::uint8_t protocol = IPPROTO_TCP) {
    std::vector<std::byte> bytes(1024);
    nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
    header->nlmsg_type = conntrack_entry_type;
    mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg));
    put_tuple(header, CTA_TUPLE_ORIG, "10.0.0.7", 5000, "192.0.2.9", 443, protocol);
    put_tuple(header, CTA_TUPLE_REPLY, "192.0.2.9", 443, "203.0.113.1", 40007, protocol);
    bytes.resize(header->nlmsg_len);
    return bytes;
}

} // namespace test
