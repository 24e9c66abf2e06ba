#include "model/states.h"

namespace model {
namespace {

using snapshot::State;

std::optional<std::uint64_t> reading(const snapshot::Counters& counters, std::string_view key) {
    const auto value = counters.get(key);
    return value ? std::optional(*value) : std::nullopt;
}

} // namespace

facts::NamespaceStates states_answer(const snapshot::Namespace& space) {
    facts::NamespaceStates answer;
    answer.label = space.label;
    answer.id = space.id;
    answer.unknown = space.lost_sockets;
    answer.gaps = space.gaps;
    answer.source = space.provenance.is_foreign()                       ? space.provenance.name
                    : space.source == snapshot::SocketSource::sock_diag ? "sock_diag"
                    : space.source == snapshot::SocketSource::proc      ? "procfs"
                                                                        : "none";
    for (const State state : snapshot::shown_states) {
        facts::StateCount count{name(state), std::nullopt, std::nullopt};
        const bool collected = state != State::bound || space.sockets.bound_ports() != nullptr;
        if (collected && space.source != snapshot::SocketSource::none) {
            const auto at = static_cast<std::size_t>(state);
            count.ipv4 = space.sockets.counts(snapshot::Family::ipv4)[at];
            count.ipv6 = space.sockets.counts(snapshot::Family::ipv6)[at];
        }
        answer.states.push_back(count);
    }
    const snapshot::Counters& counters = space.counters;
    answer.sockstat = {reading(counters, "sockstat.TCP.inuse"),  reading(counters, "sockstat6.TCP6.inuse"),
                       reading(counters, "sockstat.TCP.orphan"), reading(counters, "sockstat.TCP.tw"),
                       reading(counters, "sockstat.TCP.alloc"),  reading(counters, "sockstat.TCP.mem")};
    return answer;
}

} // namespace model
