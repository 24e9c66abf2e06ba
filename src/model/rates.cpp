#include "model/rates.h"

#include "base/text.h"
#include "facts/schema.h"

#include <algorithm>
#include <limits>

namespace model {

namespace {

using base::Gap;
using base::Why;
using snapshot::Counter;
using snapshot::Reading;

constexpr std::string_view what = "an earlier run";

/// Those of the namespace; conntrack's are sums of 32-bit numbers, which wrap.
bool never_goes_back(Counter counter) {
    return counter.key().starts_with("netstat.") || counter.key().starts_with("snmp.");
}

/// Did a counter that never goes back go back?
bool is_of_another_netns(const snapshot::Counters& now, const history::Sample& earlier) {
    bool lower = false;
    Counter::for_each([&](Counter counter) {
        const auto current = now.get(counter);
        const auto& then = earlier.counters[counter];
        lower = lower || (never_goes_back(counter) && current && then && *current < *then);
    });
    return lower;
}

} // namespace

Rates::Rates(const snapshot::Netns& netns, const history::NetnsHistory* history, double uptime,
             std::string unusable_because, double shortest, Why why_missing)
    : netns_(&netns), uptime_(uptime), without_{std::string(what), why_missing, std::move(unusable_because)} {
    if (history == nullptr) {
        return;
    }
    without_.detail =
        why_missing == Why::absent ? "none was 30 s to an hour ago" : "nothing was kept for a day";
    earlier_ = history->before(uptime, shortest);
    if (earlier_ != nullptr && is_of_another_netns(netns.counters, *earlier_)) {
        earlier_ = nullptr;
        without_ = {std::string(what), Why::absent, "its counters were higher: it was another namespace"};
    }
}

Reading<double> Rates::per_second(Counter counter) const {
    if (earlier_ == nullptr) {
        return without_;
    }
    const auto now = netns_->counters.get(counter);
    if (!now) {
        return now.error();
    }
    const auto& then = earlier_->counters[counter];
    if (!then) {
        return Gap{std::string(counter.key()), Why::absent, "it was unknown in the earlier run"};
    }
    if (*now < *then) {
        return Gap{std::string(counter.key()), Why::absent, "the counter went back"};
    }
    return static_cast<double>(*now - *then) / (uptime_ - earlier_->uptime);
}

Reading<double> Rates::interval() const {
    if (earlier_ == nullptr) {
        return without_;
    }
    return uptime_ - earlier_->uptime;
}

namespace {

using facts::TableId;
using history::Level;
using history::Sample;

constexpr std::size_t most_levels = 32;
constexpr std::uint32_t worth_a_level = 20; // sockets

/// What the sample says of this key, at most.
std::uint32_t most_then(const Sample& sample, std::uint64_t key) {
    const auto found = std::find_if(sample.levels.begin(), sample.levels.end(),
                                    [&](const Level& level) { return level.key == key; });
    return found == sample.levels.end() ? sample.unlisted_most : found->count;
}

double slope(double from, double to, double seconds) {
    return (to - from) / seconds;
}

/// Reads numbers of one row by name; what is missing counts for nothing.
class RateRow {
  public:
    RateRow(const facts::Table& table, std::size_t row) : table_(table), row_(row) {}

    facts::Value get(std::string_view column) const {
        return table_.get(row_, *table_.schema().find(column));
    }
    std::uint32_t number(std::string_view column) const {
        const facts::Value value = get(column);
        return value.is_number() && value.number() > 0 ? static_cast<std::uint32_t>(value.number()) : 0;
    }
    std::string text(std::string_view column) const {
        const facts::Value value = get(column);
        return value.is_text() ? value.text() : std::string();
    }

  private:
    const facts::Table& table_;
    std::size_t row_;
};

void add_level(std::vector<Level>& levels, std::uint64_t key, std::uint32_t count) {
    if (count >= worth_a_level) {
        levels.push_back({key, count});
    }
}

} // namespace

Growth::Growth(const history::NetnsHistory* history, double uptime, double near, double far)
    : uptime_(uptime) {
    near_ = history != nullptr ? history->before(uptime, near) : nullptr;
    far_ = near_ != nullptr ? history->before(near_->uptime, far) : nullptr;
}

double Growth::per_second(std::uint64_t key, std::uint32_t now) const {
    const double near = most_then(*near_, key);
    const double far = most_then(*far_, key);
    return std::min(slope(near, now, uptime_ - near_->uptime),
                    slope(far, near, near_->uptime - far_->uptime));
}

std::uint64_t level_key_of_destination(std::string_view source, std::string_view remote,
                                       std::uint32_t device) {
    return base::Fingerprint().add("destination").add(source).add(remote).add(std::to_string(device)).value();
}

std::uint64_t level_key_of_dead_sockets() {
    return base::fingerprint("dead sockets");
}

std::uint64_t level_key_of_owner(std::string_view owner) {
    return base::Fingerprint().add("owner").add(owner).value();
}

Sample sample_of(const snapshot::Netns& netns, const facts::NetnsFacts& facts, double uptime) {
    Sample sample;
    sample.uptime = uptime;
    Counter::for_each([&](Counter counter) {
        if (const auto value = netns.counters.get(counter); counter.is_kept() && value) {
            sample.counters[counter] = *value;
        }
    });
    const RateRow inside(facts.table(TableId::netns), 0);
    add_level(sample.levels, level_key_of_dead_sockets(), inside.number("dead_sockets"));
    const facts::Table& destinations = facts.table(TableId::destination);
    for (std::size_t i = 0; i < destinations.size(); ++i) {
        const RateRow row(destinations, i);
        if (const std::uint32_t lasting = row.number("lasting"); lasting >= worth_a_level) {
            add_level(sample.levels,
                      level_key_of_destination(row.text("source"), row.text("remote"), row.number("device")),
                      lasting);
        }
    }
    const facts::Table& owners = facts.table(TableId::close_wait);
    for (std::size_t i = 0; i < owners.size(); ++i) {
        const RateRow row(owners, i);
        add_level(sample.levels, level_key_of_owner(row.text("owner")),
                  row.number("leaked") + row.number("unread"));
    }
    std::sort(sample.levels.begin(), sample.levels.end(), [](const Level& a, const Level& b) {
        return a.count != b.count ? a.count > b.count : a.key < b.key;
    });
    sample.unlisted_most = worth_a_level - 1;
    if (sample.levels.size() > most_levels) {
        sample.unlisted_most = sample.levels[most_levels].count;
        sample.levels.resize(most_levels);
    }
    if (netns.incomplete_sockets()) { // they were more than were seen: nothing may seem to grow from here
        sample.levels.clear();
        sample.unlisted_most = std::numeric_limits<std::uint32_t>::max();
    }
    return sample;
}

} // namespace model
