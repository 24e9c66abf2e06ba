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

/// connect() takes ports of odd offset once a destination fills half of the range: the odd ports of a flow
/// that has at least as many even ones are explained. bind() with port 0 fills the odd ones first.
snapshot::PortSet TallyBook::explained() const {
    std::vector<std::size_t> large_one(census_.flows().size()); // number in `large`, from 1 on
    std::vector<snapshot::PortSet> large;
    for (std::size_t place = 0; place < busy_count_; ++place) {
        if (busy_[place].held() * 2 > space_.range.size()) {
            large.emplace_back();
            large_one[order_[place]] = large.size();
        }
    }
    snapshot::PortSet explained;
    for (std::size_t i = 0; i < census_.record_count() && !large.empty(); ++i) {
        if (const std::size_t number = large_one[census_.record(i).flow]; number > 0) {
            large[number - 1].set(census_.record(i).port);
        }
    }
    for (const snapshot::PortSet& ports : large) {
        const std::size_t odd = (ports & odd_ports_).count();
        if (odd * 2 <= (ports & space_.eligible).count()) {
            explained |= ports;
        }
    }
    return explained;
}

/// So does IP_LOCAL_PORT_RANGE take odd ports, and then many of them are shared by two remotes, which bind()
/// with port 0 never does.
bool TallyBook::parity_tells(const snapshot::PortSet& shared) const {
    return (shared & odd_ports_).count() <= occupation_.suspects;
}

/// kernel-model 3.3: where each socket on a port is known to have left the choice to connect(), the port is
/// free for all others.
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

/// kernel-model 3.3: connect() takes ports of even offset first, bind() with port 0 those of odd offset, and
/// bind() never shares a port of one address.
void TallyBook::find_suspects() {
    snapshot::PortSet shared;
    for (const SourceTally& source : sources_) {
        shared |= source.shared;
    }
    const snapshot::PortSet unclear = occupation_.ports & ~space_.blocked & ~occupation_.open;
    occupation_.unclear = static_cast<std::uint32_t>(unclear.count());
    for (std::size_t port = space_.range.low + 1U; port <= space_.range.high; port += 2) {
        odd_ports_.set(port);
    }
    odd_ports_ &= space_.eligible;
    occupation_.suspect = unclear & ~shared & odd_ports_;
    if (occupation_.suspect.any()) {
        occupation_.suspect &= ~explained();
    }
    occupation_.suspects = static_cast<std::uint32_t>(occupation_.suspect.count());
    if (!parity_tells(shared & space_.eligible)) {
        occupation_.suspect.reset();
    }
    occupation_.suspect |= space_.probably_bound & unclear;
    occupation_.suspects = static_cast<std::uint32_t>(occupation_.suspect.count());
}

} // namespace model
