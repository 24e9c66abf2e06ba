#include "kernel/route.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kernel {
namespace {

using snapshot::Address;
using snapshot::Route;
using snapshot::RouteQuery;

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62 // Linux 5.0
#endif

/// An end point as the kernel takes it.
struct SocketAddress {
    sockaddr_storage bytes{};
    socklen_t length = 0;

    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&bytes); }
};

SocketAddress socket_address(const Address& address, std::uint16_t port, std::uint32_t device) {
    SocketAddress result;
    const auto all = address.bytes();
    if (address.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(result.bytes);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, &all[12], 4);
        result.length = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(result.bytes);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        v6.sin6_scope_id = address.is_link_local() ? device : 0;
        std::memcpy(&v6.sin6_addr, all.data(), all.size());
        result.length = sizeof v6;
    }
    return result;
}

/// connect() of a UDP socket only looks up the route.
class Datagram {
  public:
    explicit Datagram(int family) : descriptor_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
    ~Datagram() {
        if (is_open()) {
            ::close(descriptor_);
        }
    }
    Datagram(const Datagram&) = delete;
    Datagram& operator=(const Datagram&) = delete;

    bool is_open() const { return descriptor_ >= 0; }
    bool bind_device(std::uint32_t device) const { return set(SO_BINDTOIFINDEX, static_cast<int>(device)); }
    bool allow_broadcast() const { return set(SO_BROADCAST, 1); }
    bool bind(SocketAddress address) const {
        const int on = 1; // a port is not asked for, and not taken
        ::setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        return ::bind(descriptor_, address.raw(), address.length) == 0;
    }
    bool connect(SocketAddress address) const {
        return ::connect(descriptor_, address.raw(), address.length) == 0;
    }
    std::optional<Address> source() const {
        SocketAddress name;
        name.length = sizeof name.bytes;
        if (::getsockname(descriptor_, name.raw(), &name.length) != 0) {
            return std::nullopt;
        }
        return name.bytes.ss_family == AF_INET
                   ? Address::v4(&reinterpret_cast<sockaddr_in&>(name.bytes).sin_addr)
                   : Address::v6(&reinterpret_cast<sockaddr_in6&>(name.bytes).sin6_addr);
    }

  private:
    bool set(int option, int value) const {
        return ::setsockopt(descriptor_, SOL_SOCKET, option, &value, sizeof value) == 0;
    }

    int descriptor_;
};

/// The errors that say something about the route; all others are about this process.
std::string_view error_name(int error) {
    constexpr std::array<std::pair<int, std::string_view>, 8> names = {{{ENETUNREACH, "ENETUNREACH"},
                                                                        {EHOSTUNREACH, "EHOSTUNREACH"},
                                                                        {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
                                                                        {EAFNOSUPPORT, "EAFNOSUPPORT"},
                                                                        {EACCES, "EACCES"},
                                                                        {EPERM, "EPERM"},
                                                                        {EINVAL, "EINVAL"},
                                                                        {ENODEV, "ENODEV"}}};
    const auto* found =
        std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == error; });
    return found != names.end() ? found->second : std::string_view();
}

std::optional<Route> refused(Route::Step step, int error) {
    const std::string_view name = error_name(error);
    return name.empty() ? std::nullopt : std::optional(Route{std::nullopt, step, std::string(name)});
}

/// UDP may send where TCP cannot connect to (kernel: tcp_v4_connect(), tcp_v6_connect()).
bool only_for_datagrams(const Datagram& socket, const SocketAddress& remote, int error) {
    return error == EACCES && socket.allow_broadcast() && socket.connect(remote);
}

} // namespace

std::optional<Route> route_of(const RouteQuery& query) {
    using Step = Route::Step;
    if (query.remote.is_multicast()) {
        return refused(Step::connect, ENETUNREACH);
    }
    const Datagram socket(query.remote.is_v4() ? AF_INET : AF_INET6);
    if (!socket.is_open()) {
        return refused(Step::connect, errno);
    }
    if (query.device != 0 && !socket.bind_device(query.device) && errno == ENODEV) {
        return refused(Step::connect, errno);
    }
    if (query.from && !socket.bind(socket_address(*query.from, 0, query.device))) {
        return refused(Step::bind, errno);
    }
    const SocketAddress remote = socket_address(query.remote, 1, query.device);
    if (!socket.connect(remote)) {
        const int error = errno;
        return refused(Step::connect, only_for_datagrams(socket, remote, error) ? ENETUNREACH : error);
    }
    const auto source = socket.source();
    return source ? std::optional(Route{source}) : std::nullopt;
}

} // namespace kernel
