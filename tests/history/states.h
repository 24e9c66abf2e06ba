// A state with one of everything, for tests.
#pragma once

#include "history/state_file.h"

namespace tests {

inline history::StateKey some_key() {
    return {"11111111-2222-3333-4444-555555555555", "cookie 7"};
}

inline history::Sample sample_at(double uptime, std::uint64_t overflows = 5) {
    history::Sample sample;
    sample.uptime = uptime;
    sample.counters["netstat.TcpExt.ListenOverflows"] = overflows;
    sample.counters["conntrack.drop"] = 18446744073709551615U;
    sample.levels = {{0xFEDCBA9876543210, 1200}, {1, 20}};
    sample.unlisted_most = 19;
    return sample;
}

inline history::SavedState some_state() {
    history::SavedState state;
    state.netns.samples = {sample_at(1000.25), sample_at(1060.5, 9)};
    state.netns.waiting = snapshot::WaitingSockets{1060.5, true, {{3, 900}, {0xFFFFFFFFFFFFFFFF, 1000.75}}};
    state.memory.entries = {{11, 12, findings::State::warning, 940, 1060.5, 3, 1060.5, 1000.25},
                            {11, 13, findings::State::ok, 1060.5, 1060.5, 1, 1060.5, 0}};
    state.memory.judged = {{11, 940, 1060.5}, {14, 1000, 1000}};
    return state;
}

} // namespace tests
