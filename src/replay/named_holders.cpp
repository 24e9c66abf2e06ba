#include "replay/named_holders.h"

#include <span>
#include <utility>

namespace replay {

void NamedHolders::found(std::string command, std::uint32_t pid, std::uint32_t descriptor) {
    any_ = true;
    last_ = User{std::move(command), pid, descriptor};
}

snapshot::Holders NamedHolders::name(const SocketList& list, std::string why_unseen) {
    constexpr std::size_t most_holders = 100'000;
    std::map<std::uint32_t, User> by_inode;
    last_.reset();
    list.each([&](std::span<const snapshot::Socket> sockets) {
        for (const snapshot::Socket& socket : sockets) {
            const bool wanted =
                socket.state == snapshot::TcpState::listen || socket.state == snapshot::TcpState::close_wait;
            if (last_ && wanted && socket.inode != 0 && by_inode.size() < most_holders) {
                by_inode.emplace(socket.inode, std::move(*last_));
            }
            last_.reset();
        }
    });
    snapshot::Holders holders;
    std::map<std::uint32_t, std::uint32_t> processes; // by pid
    for (const auto& [inode, user] : by_inode) {
        const auto [place, added] =
            processes.try_emplace(user.pid, static_cast<std::uint32_t>(holders.processes.size()));
        if (added) {
            snapshot::Process process;
            process.pid = user.pid;
            process.command = user.command;
            holders.processes.push_back(std::move(process));
        }
        holders.sockets.push_back({inode, place->second, user.descriptor});
    }
    holders.unseen = base::Gap{"who holds the sockets", base::Why::not_collected, std::move(why_unseen)};
    return holders;
}

snapshot::Holders no_holders(std::string why) {
    return {{}, {}, base::Gap{"who holds the sockets", base::Why::failed, std::move(why)}};
}

} // namespace replay
