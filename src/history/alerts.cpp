#include "history/alerts.h"

#include <algorithm>

namespace history {

namespace {

bool same_subject(const Remembered& a, const Remembered& b) {
    return a.rule == b.rule && a.subject == b.subject;
}

} // namespace

void update(Memory& memory, const MemoryUpdate& with) {
    const auto was_judged = [&](std::uint64_t rule) {
        return std::find(with.judged.begin(), with.judged.end(), rule) != with.judged.end();
    };
    const auto is_said_anew = [&](const Remembered& entry) {
        return std::any_of(with.entries.begin(), with.entries.end(),
                           [&](const Remembered& other) { return same_subject(entry, other); });
    };
    std::erase_if(memory.entries, [&](const Remembered& entry) {
        const bool expired = with.uptime - entry.seen > longest_silence;
        return expired || (entry.seen <= with.uptime && (was_judged(entry.rule) || is_said_anew(entry)));
    });
    std::erase_if(memory.judged,
                  [&](const Memory::JudgedRule& rule) { return with.uptime - rule.seen > longest_gap; });
    for (const std::uint64_t rule : with.judged) {
        const auto known = std::find_if(memory.judged.begin(), memory.judged.end(),
                                        [&](const Memory::JudgedRule& other) { return other.rule == rule; });
        if (known == memory.judged.end()) {
            memory.judged.push_back({rule, with.uptime, with.uptime});
        } else {
            known->seen = std::max(known->seen, with.uptime);
        }
    }
    for (const Remembered& entry : with.entries) {
        const bool newer = std::any_of(memory.entries.begin(), memory.entries.end(),
                                       [&](const Remembered& other) { return same_subject(entry, other); });
        if (!newer) {
            memory.entries.push_back(entry);
        }
    }
}

} // namespace history
