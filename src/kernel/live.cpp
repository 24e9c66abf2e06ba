#include "kernel/live.h"

#include "base/file.h"
#include "kernel/cgroups.h"
#include "kernel/netlink.h"
#include "kernel/privileges.h"
#include "kernel/processes.h"
#include "kernel/route.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <linux/netlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kernel {
namespace {

// inet_diag fills datagrams up to the largest buffer seen, but not over 32 KiB (kernel: netlink_dump())
constexpr std::size_t buffer_size = 65536;
constexpr std::size_t most_pseudo = std::size_t{256} << 20; // /proc/net/tcp of 1.7 million sockets
/// Each second port reserved takes 192 KiB; the kernel allocates less than 4 MiB for a read (Linux 6.18:
/// proc_sys_call_handler()).
constexpr std::size_t most_sysctl = std::size_t{1} << 20;
constexpr std::size_t most_regular = std::size_t{1} << 20;

/// Types of sock_diag are below 256; above, the upper byte is a subsystem of nfnetlink.
int family_of(std::span<const std::byte> request) {
    nlmsghdr header{};
    std::memcpy(&header, request.data(), std::min(sizeof header, request.size()));
    return header.nlmsg_type < 256 ? NETLINK_SOCK_DIAG : NETLINK_NETFILTER;
}

base::Gap receive_gap(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK) {
        return out_of_time("the socket table");
    }
    base::Gap gap = refusal(error);
    gap.why = base::Why::truncated; // ENOSPC: a datagram larger than the buffer; ENOBUFS: one was dropped
    return gap;
}

/// Names are worth a second at most: the verdict does not wait for them.
Deadline owners_deadline(Deadline deadline) {
    return std::min(deadline, std::chrono::steady_clock::now() + std::chrono::seconds(1));
}

} // namespace

base::Gap out_of_time(std::string what) {
    return {std::move(what), base::Why::failed, "the time was up"};
}

snapshot::Reading<std::string> LiveMachine::read(const std::string& path) {
    if (late()) {
        return out_of_time(path);
    }
    if (path.starts_with("/proc/sys/")) {
        return base::read_at_once(path, most_sysctl);
    }
    if (path.starts_with("/proc/") || path.starts_with("/sys/")) {
        return base::read_pseudo_file(path, most_pseudo);
    }
    return base::read_file(path, most_regular);
}

snapshot::Reading<std::vector<std::string>> LiveMachine::list(const std::string& directory) {
    if (late()) {
        return out_of_time(directory);
    }
    return base::list_directory(directory, "");
}

std::optional<double> LiveMachine::changed(const std::string& path) {
    struct stat file {};
    return ::stat(path.c_str(), &file) == 0 ? std::optional<double>(file.st_mtim.tv_sec) : std::nullopt;
}

Outcome LiveMachine::dump(std::span<const std::byte> request, const FrameSink& sink) {
    const NetlinkSocket socket = open_netlink(family_of(request), deadline_);
    if (!socket || mnl_socket_sendto(socket.get(), request.data(), request.size()) < 0) {
        return refusal(errno);
    }
    alignas(NLMSG_ALIGNTO) std::array<std::byte, buffer_size> buffer;
    while (!late()) {
        const ssize_t got = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return receive_gap(errno);
        }
        if (!sink(std::span(buffer).first(static_cast<std::size_t>(got)))) {
            return base::Nothing{};
        }
    }
    return out_of_time("the socket table");
}

std::optional<std::uint64_t> LiveMachine::netns_cookie() {
    constexpr int netns_cookie = 71; // SO_NETNS_COOKIE; older headers do not know it
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return std::nullopt;
    }
    std::uint64_t cookie = 0;
    socklen_t length = sizeof cookie;
    const bool known = ::getsockopt(descriptor, SOL_SOCKET, netns_cookie, &cookie, &length) == 0;
    ::close(descriptor);
    return known && length == sizeof cookie ? std::optional(cookie) : std::nullopt;
}

bool LiveMachine::sysctls_are_read_only() {
    struct statvfs mount {};
    return ::statvfs("/proc/sys/net", &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

std::optional<snapshot::Route> LiveMachine::route(const snapshot::RouteQuery& query) {
    return route_of(query);
}

std::optional<std::uint32_t> LiveMachine::device(const std::string& name) {
    const unsigned number = ::if_nametoindex(name.c_str());
    return number != 0 ? std::optional<std::uint32_t>(number) : std::nullopt;
}

snapshot::Holders LiveMachine::holders(std::span<const snapshot::WantedSocket> wanted) {
    const RaisedCapabilities raised;
    return find_holders("/proc", wanted, owners_deadline(deadline_));
}

snapshot::CgroupPaths LiveMachine::cgroup_paths(std::span<const std::uint64_t> numbers) {
    const auto mounts = base::read_pseudo_file("/proc/self/mountinfo", most_pseudo);
    const auto mount = mounts ? cgroup_mount_in(*mounts) : std::nullopt;
    if (mount) {
        return kernel::cgroup_paths(*mount, numbers, owners_deadline(deadline_));
    }
    snapshot::CgroupPaths none;
    for (const std::uint64_t number : numbers) {
        none.emplace(number, base::Gap{"control groups", base::Why::absent, "cgroup2 is not mounted"});
    }
    return none;
}

double LiveMachine::now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace kernel
