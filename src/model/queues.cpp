#include "model/queues.h"

#include <fmt/format.h>

namespace model {
namespace {

std::string size_text(std::uint64_t bytes) {
    constexpr std::uint64_t kib = 1024;
    return bytes >= 10 * kib * kib ? fmt::format("{} MiB", bytes / (kib * kib))
                                   : fmt::format("{} KiB", (bytes + kib - 1) / kib);
}

struct Most {
    snapshot::Queues queues;
    std::string where;

    template <typename Name>
    void offer(const snapshot::Queues& other, Name name) {
        if (sum(other) > sum(queues)) {
            queues = other;
            where = name();
        }
    }
    static std::uint64_t sum(const snapshot::Queues& of) { return of.send_bytes + of.recv_bytes; }
};

} // namespace

std::string most_queued(const snapshot::Host& host) {
    Most most;
    for (const snapshot::Netns& netns : host.namespaces) {
        const std::string in = host.namespaces.size() > 1 ? " in " + netns.label : "";
        for (const snapshot::Listener& listener : netns.sockets.listeners()) {
            most.offer(listener.queues, [&] {
                return "clients of " + snapshot::end_point_text(listener.address, listener.port) + in;
            });
        }
        const snapshot::FlowTable& flows = netns.sockets.flows();
        for (const auto& [flow, queues] : netns.sockets.flow_queues()) {
            most.offer(queues, [&, number = flow] {
                return "connections to " +
                       snapshot::end_point_text(flows[number].remote, flows[number].remote_port) + in;
            });
        }
    }
    return most.where.empty()
               ? "no connection that was looked at"
               : fmt::format("{}, {} to send and {} not read", most.where, size_text(most.queues.send_bytes),
                             size_text(most.queues.recv_bytes));
}

} // namespace model
