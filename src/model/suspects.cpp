// The part of the tally that guesses: which ports bind() is likely to have taken, and which it cannot have
// taken.
#include "model/tally.h"

#include <vector>

namespace model {
namespace {

using snapshot::State;

/// A TIME_WAIT socket does not say how its port was chosen; nor does one in SYN_RECV.
bool is_mute(const snapshot::Record& record) {
    return record.state() == State::time_wait || record.state() == State::syn_recv ||
           (record.state() == State::fin_wait2 && record.detail() == 1);
}

} // namespace

/// connect() takes ports of odd offset once the even ones are used up towards a destination. So the odd ports
/// of a flow say nothing if it holds about as many ports as there are even ones; nor if all of them are old
/// TIME_WAITs: the even ones that were there before them may have expired since.
bool TallyBook::explains_itself(const Tally& tally, std::size_t even_ports) const {
    constexpr double nearly = 0.9;
    return tally.held() >= nearly * static_cast<double>(even_ports) || tally.young_odd == 0;
}

/// Ports that a flow holds which explains itself.
snapshot::PortSet TallyBook::explained() const {
    const std::size_t even_ports = (space_.eligible & ~space_.blocked & ~odd_ports_).count();
    std::vector<bool> explaining(census_.flows().size());
    std::size_t number = 0;
    for (std::size_t place = 0; place < busy_count_; ++place) {
        const bool explains = explains_itself(busy_[place], even_ports);
        explaining[order_[place]] = explains;
        number += explains ? 1 : 0;
    }
    if (number == explaining.size()) {
        return occupation_.ports;
    }
    snapshot::PortSet explained;
    for (std::size_t i = 0; i < census_.record_count() && number > 0; ++i) {
        if (explaining[census_.record(i).flow]) {
            explained.set(census_.record(i).port);
        }
    }
    return explained;
}

/// So does IP_LOCAL_PORT_RANGE take odd ports, and then many of them are shared by two remotes, which bind()
/// with port 0 never does.
bool TallyBook::parity_tells(const snapshot::PortSet& shared, const snapshot::PortSet& suspect) const {
    return (shared & odd_ports_).count() <= suspect.count();
}

/// Where each socket on a port is known to have left the choice to connect(), the port is free for all others
/// (docs/kernel-model.md, 3.3).
void TallyBook::find_open() {
    if (census_.early_ports() == nullptr || !space_.explicit_known) {
        return;
    }
    snapshot::PortSet closed = space_.blocked | *census_.early_ports();
    for (std::size_t i = 0; i < census_.record_count(); ++i) {
        if (is_mute(census_.record(i))) {
            closed.set(census_.record(i).port);
        }
    }
    occupation_.open = occupation_.ports & ~closed;
}

/// connect() takes ports of even offset first, bind() with port 0 those of odd offset, and bind() never
/// shares a port of one address (docs/kernel-model.md, 3.3).
void TallyBook::find_suspects() {
    snapshot::PortSet shared;
    for (const SourceTally& source : sources_) {
        shared |= source.shared;
    }
    const snapshot::PortSet unclear = occupation_.ports & ~space_.blocked & ~occupation_.open;
    occupation_.unclear = static_cast<std::uint32_t>(unclear.count());
    snapshot::PortSet suspect = unclear & ~shared & odd_ports_;
    if (suspect.any()) {
        suspect &= ~explained();
    }
    if (!parity_tells(shared, suspect)) {
        suspect.reset();
    }
    occupation_.suspect = suspect | (space_.probably_bound & unclear);
    occupation_.suspects = static_cast<std::uint32_t>(occupation_.suspect.count());
}

} // namespace model
