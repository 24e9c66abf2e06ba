#include "model/rates.h"

namespace model {
namespace {

using base::Gap;
using base::Why;
using snapshot::Reading;
using snapshot::tracked_counters;

constexpr std::string_view what = "an earlier run";

bool went_back(std::uint64_t from, std::uint64_t to) {
    return to < from;
}

} // namespace

Rates::Rates(const snapshot::Namespace& space, const snapshot::SpaceHistory* history, double uptime,
             std::string unusable_because)
    : space_(&space), uptime_(uptime), without_{std::string(what), Why::absent, std::move(unusable_because)} {
    if (history == nullptr) {
        return;
    }
    without_.detail = "none was 30 s to an hour ago";
    earlier_ = history->before(uptime, shortest_interval);
    for (std::size_t i = 0; earlier_ != nullptr && i < tracked_counters.size(); ++i) {
        const auto current = now(i);
        if (snapshot::never_goes_back(tracked_counters[i]) && current && earlier_->counters[i] &&
            went_back(*earlier_->counters[i], *current)) {
            earlier_ = nullptr;
            without_.detail = "its counters were higher: it was another namespace";
        }
    }
}

Reading<std::uint64_t> Rates::now(std::size_t counter) const {
    return space_->counters.get(tracked_counters[counter]);
}

Reading<double> Rates::growth(std::size_t counter) const {
    if (earlier_ == nullptr) {
        return without_;
    }
    const auto current = now(counter);
    if (!current) {
        return current.error();
    }
    const auto& then = earlier_->counters[counter];
    if (!then) {
        return Gap{std::string(tracked_counters[counter]), Why::absent, "it was unknown in the earlier run"};
    }
    return static_cast<double>(*current) - static_cast<double>(*then);
}

Reading<double> Rates::per_second(std::size_t counter) const {
    const auto grown = growth(counter);
    if (!grown) {
        return grown;
    }
    if (*grown < 0) {
        return Gap{std::string(tracked_counters[counter]), Why::absent, "the counter went back"};
    }
    return *grown / (uptime_ - earlier_->uptime);
}

Reading<double> Rates::interval() const {
    if (earlier_ == nullptr) {
        return without_;
    }
    return uptime_ - earlier_->uptime;
}

} // namespace model
