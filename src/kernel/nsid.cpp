#include "kernel/nsid.h"

#include "kernel/netlink.h"
#include "kernel/sock_diag.h"

#include <array>
#include <cerrno>
#include <functional>

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

namespace kernel {
namespace {

using Ids = std::set<std::int32_t>;

int take_id(const nlattr* attribute, void* ids) {
    if (mnl_attr_get_type(attribute) == NETNSA_NSID && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0) {
        static_cast<Ids*>(ids)->insert(static_cast<std::int32_t>(mnl_attr_get_u32(attribute)));
    }
    return MNL_CB_OK;
}

int take_message(const nlmsghdr* message, void* ids) {
    return mnl_attr_parse(message, sizeof(rtgenmsg), take_id, ids);
}

/// The numbers of the answer.
base::Result<Ids, base::Gap> ask(std::uint16_t flags, Deadline deadline,
                                 const std::function<void(nlmsghdr*)>& add_attributes) {
    const auto lost = [] {
        constexpr const char* what = "network namespaces that this one is linked to";
        return errno == EAGAIN ? out_of_time(what)
                               : base::Gap{what, base::why_of(errno), base::error_text(errno)};
    };
    const NetlinkSocket socket = open_netlink(NETLINK_ROUTE, deadline);
    alignas(NLMSG_ALIGNTO) std::array<char, 32768> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_GETNSID;
    request->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    mnl_nlmsg_put_extra_header(request, sizeof(rtgenmsg));
    add_attributes(request);
    if (!socket || mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0) {
        return lost();
    }
    Ids ids;
    const unsigned port = mnl_socket_get_portid(socket.get());
    for (int more = MNL_CB_OK; more == MNL_CB_OK;) {
        const ssize_t got = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        more = got < 0 ? -1
                       : read_nsids(std::as_bytes(std::span(buffer)).first(static_cast<std::size_t>(got)),
                                    port, ids);
        if (more < 0) {
            return lost();
        }
        more = (flags & NLM_F_DUMP) == NLM_F_DUMP ? more : MNL_CB_STOP; // one message is the whole answer
    }
    return ids;
}

} // namespace

int read_nsids(std::span<const std::byte> datagram, unsigned port, Ids& ids) {
    const auto* message = static_cast<const nlmsghdr*>(static_cast<const void*>(datagram.data()));
    int left = static_cast<int>(datagram.size());
    for (; fits(message, left); message = mnl_nlmsg_next(message, &left)) {
        const int more = mnl_cb_run(message, message->nlmsg_len, 0, port, take_message, &ids);
        if (more != MNL_CB_OK) {
            return more;
        }
    }
    errno = EBADMSG;
    return left <= 0 ? MNL_CB_OK : MNL_CB_ERROR;
}

base::Result<Ids, base::Gap> nsids(Deadline deadline) {
    return ask(NLM_F_DUMP, deadline, [](nlmsghdr*) {});
}

std::optional<std::int32_t> nsid_of(int descriptor, Deadline deadline) {
    const auto ids = ask(0, deadline, [&](nlmsghdr* request) {
        mnl_attr_put_u32(request, NETNSA_FD, static_cast<std::uint32_t>(descriptor));
    });
    constexpr std::int32_t none = NETNSA_NSID_NOT_ASSIGNED;
    return ids && !ids->empty() && *ids->begin() != none ? std::optional(*ids->begin()) : std::nullopt;
}

} // namespace kernel
