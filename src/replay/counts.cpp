#include "replay/counts.h"

#include "base/number.h"
#include "base/text.h"
#include "replay/lines.h"

namespace replay {

namespace {

constexpr std::uint64_t most = 1'000'000'000; // of a state

struct CountOfState {
    snapshot::TcpState state = snapshot::TcpState::close;
    std::uint64_t count = 0;
};

/// "  28000 TIME-WAIT" of uniq, and "TIME_WAIT 28000" of awk.
std::optional<CountOfState> count_in(std::string_view line) {
    const auto words = base::words(line);
    if (words.size() != 2) {
        return std::nullopt;
    }
    for (const std::size_t first : {std::size_t{0}, std::size_t{1}}) {
        const auto count = base::parse_unsigned(words[first]);
        const auto state = state_named(words[1 - first]);
        if (count && state && *count <= most) {
            return CountOfState{*state, *count};
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<SocketList> read_counts(std::string_view text) {
    SocketList list;
    std::size_t found = 0;
    Lines lines(text);
    std::string_view line;
    while (lines.next(line)) {
        if (const auto counted = count_in(line)) {
            list.provenance.named[static_cast<std::size_t>(counted->state)] +=
                static_cast<snapshot::StateCounts::value_type>(counted->count);
            ++found;
        }
    }
    constexpr std::size_t no_accident = 2;
    if (found < no_accident) {
        return std::nullopt;
    }
    list.provenance.name = "a list of counts by state";
    list.provenance.next_time = next_time;
    list.provenance.has_backlogs = list.provenance.has_users = false;
    list.lost = base::Gap{"the socket table", base::Why::truncated, "only counts, and no row"};
    return list;
}

} // namespace replay
