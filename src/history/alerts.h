// What rules said of their subjects in earlier runs: plain data, read and written by rules/. How it is kept
// is not known here. Times are seconds since the boot.
#pragma once

#include "findings/report.h"

#include <cstdint>
#include <vector>

namespace history {

/// A subject that alerted in every run of the rule since `since`.
struct Remembered {
    std::uint64_t rule = 0;                      // fingerprint of the rule with its thresholds and parameters
    std::uint64_t subject = 0;                   // fingerprint
    findings::State state = findings::State::ok; // as it was reported; OK while it waits for the rule's `for`
    double since = 0;
    double seen = 0;        // last run
    std::uint32_t runs = 1; // that many, of those at least half a minute apart
    double counted = 0;     // the last of these
    double held = 0;        // the last run that gave WARNING or worse by itself, and not by the rule's `keep`
};

/// Of one network namespace; rules over the host remember in the first one.
struct Memory {
    struct JudgedRule {
        std::uint64_t rule = 0;
        double since = 0; // first of the runs that lie no further apart than longest_gap
        double seen = 0;  // last of them
    };
    std::vector<Remembered> entries;
    std::vector<JudgedRule> judged; // the rules that runs have judged, whether anything alerted or not
};

/// A rule that no run judges for longer, in seconds, is not watched.
constexpr double longest_gap = 900;

/// What one run has to say: it replaces what was known of the rules that it judged.
struct MemoryUpdate {
    double uptime = 0;
    std::vector<std::uint64_t> judged; // fingerprints of rules
    std::vector<Remembered> entries;
};

/// An entry that was not seen for longer is forgotten: nobody can say that nothing happened in between.
constexpr double longest_silence = 25 * 3600;

/// Earlier entries of rules that were judged go, unless another run judged the rule later.
void update(Memory& memory, const MemoryUpdate& with);

} // namespace history
