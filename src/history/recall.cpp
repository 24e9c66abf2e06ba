#include "history/recall.h"

#include <algorithm>

namespace history {
namespace {

constexpr std::size_t most_of_rule = 64; // subjects that alert at once; of more, the rest has no past
constexpr std::size_t most_entries = 1024;
constexpr double run_spacing = 30; // seconds; a run by hand right after the scheduled one is no second run

} // namespace

Recall::Recall(std::vector<Memory> earlier, double uptime, double time, Remembers remembers)
    : earlier_(std::move(earlier)), updates_(earlier_.size()), uptime_(uptime), time_(time),
      remembers_(remembers) {
    for (MemoryUpdate& update : updates_) {
        update.uptime = uptime;
    }
    for (Memory& memory : earlier_) {
        std::erase_if(memory.entries, [&](const Remembered& entry) {
            return entry.seen > uptime || entry.since > entry.seen || uptime - entry.seen > longest_silence;
        });
    }
}

bool Recall::knows(std::uint64_t rule) const {
    return std::any_of(earlier_.begin(), earlier_.end(), [&](const Memory& memory) {
        return std::any_of(memory.entries.begin(), memory.entries.end(),
                           [&](const Remembered& entry) { return entry.rule == rule; });
    });
}

const Remembered* Recall::find(std::uint64_t rule, std::size_t netns, std::uint64_t subject) const {
    if (netns >= earlier_.size()) {
        return nullptr;
    }
    const auto& entries = earlier_[netns].entries;
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Remembered& entry) {
        return entry.rule == rule && entry.subject == subject;
    });
    return found == entries.end() ? nullptr : &*found;
}

bool Recall::watched(std::uint64_t rule, std::size_t netns) const {
    if (netns >= earlier_.size()) {
        return false;
    }
    const auto& judged = earlier_[netns].judged;
    return std::any_of(judged.begin(), judged.end(), [&](const Memory::JudgedRule& each) {
        return each.rule == rule && each.seen <= uptime_ && uptime_ - each.seen <= longest_gap &&
               uptime_ - each.since >= run_spacing;
    });
}

Remembered Recall::continued(std::uint64_t rule, std::uint64_t subject, const Remembered* earlier) const {
    if (earlier == nullptr) {
        return {rule, subject, findings::State::ok, uptime_, uptime_, 1, uptime_, 0};
    }
    Remembered now = *earlier;
    now.seen = uptime_;
    if (uptime_ - now.counted >= run_spacing) {
        ++now.runs;
        now.counted = uptime_;
    }
    return now;
}

void Recall::note(std::size_t netns, const Remembered& entry) {
    if (netns >= updates_.size()) {
        return;
    }
    auto& entries = updates_[netns].entries;
    const auto of_rule = std::count_if(entries.begin(), entries.end(),
                                       [&](const Remembered& other) { return other.rule == entry.rule; });
    const bool has_past = entry.since < uptime_;
    const std::size_t room = has_past ? 2 * most_of_rule : most_of_rule; // a new one never ends an old run
    if (static_cast<std::size_t>(of_rule) < room && entries.size() < most_entries) {
        entries.push_back(entry);
    }
}

void Recall::judged(std::uint64_t rule) {
    for (MemoryUpdate& update : updates_) {
        update.judged.push_back(rule);
    }
}

} // namespace history
