#include "kernel/conntrack.h"

#include "base/gap.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <libmnl/libmnl.h>

namespace kernel {
namespace {

constexpr std::uint16_t get_message = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET;
constexpr std::uint16_t new_message = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;
constexpr std::uint16_t status_mask = 26; // CTA_STATUS_MASK, missing in older headers

base::Gap nat_gap(base::Why why, std::string detail) {
    return {"what source NAT has given out", why, std::move(detail)};
}

/// The attributes inside of one, by their numbers; those that are larger are left out.
template <std::size_t count>
using Attributes = std::array<const nlattr*, count>;

template <std::size_t count>
Attributes<count> attributes_in(const void* begin, std::size_t length) {
    Attributes<count> found{};
    const auto* at = static_cast<const nlattr*>(begin);
    const auto* end = static_cast<const char*>(begin) + length;
    const auto left = [&] {
        return static_cast<int>(end - static_cast<const char*>(static_cast<const void*>(at)));
    };
    for (; mnl_attr_ok(at, left()); at = mnl_attr_next(at)) {
        if (mnl_attr_get_type(at) < count) {
            found[mnl_attr_get_type(at)] = at;
        }
    }
    return found;
}

template <std::size_t count>
Attributes<count> attributes_in(const nlattr* outer) {
    return outer == nullptr
               ? Attributes<count>{}
               : attributes_in<count>(mnl_attr_get_payload(outer), mnl_attr_get_payload_len(outer));
}

struct Tuple {
    snapshot::EndPoint source;
    snapshot::EndPoint destination;
};

std::optional<snapshot::Address> address_of(const nlattr* v4, const nlattr* v6) {
    if (v4 != nullptr && mnl_attr_get_payload_len(v4) >= 4) {
        return snapshot::Address::v4(mnl_attr_get_payload(v4));
    }
    if (v6 != nullptr && mnl_attr_get_payload_len(v6) >= 16) {
        return snapshot::Address::v6(mnl_attr_get_payload(v6));
    }
    return std::nullopt;
}

/// None if it is no TCP.
std::optional<Tuple> tuple_of(const nlattr* attribute) {
    const auto parts = attributes_in<CTA_TUPLE_MAX + 1>(attribute);
    const auto ip = attributes_in<CTA_IP_MAX + 1>(parts[CTA_TUPLE_IP]);
    const auto protocol = attributes_in<CTA_PROTO_MAX + 1>(parts[CTA_TUPLE_PROTO]);
    const auto source = address_of(ip[CTA_IP_V4_SRC], ip[CTA_IP_V6_SRC]);
    const auto destination = address_of(ip[CTA_IP_V4_DST], ip[CTA_IP_V6_DST]);
    const auto has = [&](std::size_t which, std::size_t size) {
        return protocol[which] != nullptr && mnl_attr_get_payload_len(protocol[which]) >= size;
    };
    if (!source || !destination || !has(CTA_PROTO_NUM, 1) || !has(CTA_PROTO_SRC_PORT, 2) ||
        !has(CTA_PROTO_DST_PORT, 2) || mnl_attr_get_u8(protocol[CTA_PROTO_NUM]) != IPPROTO_TCP) {
        return std::nullopt;
    }
    return Tuple{{*source, ntohs(mnl_attr_get_u16(protocol[CTA_PROTO_SRC_PORT]))},
                 {*destination, ntohs(mnl_attr_get_u16(protocol[CTA_PROTO_DST_PORT]))}};
}

/// False if it is no entry as we know them, such as one that a mask has wiped.
bool take(const nlmsghdr& message, const NatSink& sink) {
    if (mnl_nlmsg_get_payload_len(&message) < sizeof(nfgenmsg)) {
        return false;
    }
    const auto parts =
        attributes_in<CTA_MAX + 1>(mnl_nlmsg_get_payload_offset(&message, sizeof(nfgenmsg)),
                                   mnl_nlmsg_get_payload_len(&message) - NLMSG_ALIGN(sizeof(nfgenmsg)));
    const auto original = tuple_of(parts[CTA_TUPLE_ORIG]);
    const auto reply = tuple_of(parts[CTA_TUPLE_REPLY]);
    if (original && reply) {
        sink({original->source, reply->destination, reply->source});
    }
    return parts[CTA_TUPLE_ORIG] != nullptr && parts[CTA_TUPLE_REPLY] != nullptr;
}

} // namespace

std::vector<std::byte> nat_request() {
    std::vector<std::byte> request(128);
    nlmsghdr* header = mnl_nlmsg_put_header(request.data());
    header->nlmsg_type = get_message;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = dump_sequence;
    auto* question = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
    question->nfgen_family = AF_UNSPEC;
    question->version = NFNETLINK_V0;
    mnl_attr_put_u32(header, CTA_STATUS, htonl(IPS_SRC_NAT));
    mnl_attr_put_u32(header, status_mask, htonl(IPS_SRC_NAT));
    request.resize(header->nlmsg_len);
    return request;
}

bool NatReader::read(std::span<const std::byte> datagram) {
    const auto* message = static_cast<const nlmsghdr*>(static_cast<const void*>(datagram.data()));
    int left = static_cast<int>(datagram.size());
    if (!fits(message, left)) {
        return false;
    }
    for (; fits(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_type == new_message) {
            if (!take(*message, sink_)) {
                lost_ = nat_gap(base::Why::truncated, "an entry makes no sense");
            }
        } else if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
            std::int32_t error = 0;
            if (mnl_nlmsg_get_payload_len(message) >= sizeof error) {
                std::memcpy(&error, mnl_nlmsg_get_payload(message), sizeof error);
            }
            done_ = error == 0;
            if (error != 0) {
                lost_ = nat_gap(error == -EPERM ? base::Why::denied : base::Why::absent,
                                std::string("ctnetlink: ") +
                                    base::error_text(error < 0 && error > -4096 ? -error : EIO));
            }
            return false;
        }
    }
    return true;
}

Outcome NatReader::outcome() const {
    if (lost_) {
        return *lost_;
    }
    if (!done_) {
        return nat_gap(base::Why::truncated, "the dump ended before its end");
    }
    return base::Nothing{};
}

Outcome read_nat(SockDiagMachine& machine, const NatSink& sink) {
    NatReader reader(sink);
    const Outcome received = machine.dump(
        nat_request(), [&](std::span<const std::byte> datagram) { return reader.read(datagram); });
    return received ? reader.outcome() : received;
}

} // namespace kernel
