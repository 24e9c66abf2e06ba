#include "render/words.h"

#include "base/number.h"
#include "base/text.h"
#include "findings/place.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace render {

namespace {

/// The longest start of `text` within both limits that ends between characters.
std::string_view start_of(std::string_view text, std::size_t columns, std::size_t bytes) {
    std::size_t end = 0;
    for (std::size_t taken = 0; end < text.size();) {
        const std::string_view character = base::first_character(text.substr(end));
        const std::size_t next = end + character.size();
        taken += base::display_width(character);
        if (next > bytes || taken > columns) {
            break;
        }
        end = next;
    }
    return text.substr(0, end);
}

} // namespace

std::vector<std::string> paragraphs_of(std::string_view text) {
    std::vector<std::string> all(1);
    for (const std::string_view line : base::split(text, '\n')) {
        if (!base::trim(line).empty()) {
            all.back() += std::string(line) + ' ';
        } else if (!all.back().empty()) {
            all.emplace_back();
        }
    }
    if (all.size() > 1 && all.back().empty()) {
        all.pop_back();
    }
    return all;
}

std::string safe_line(std::string_view text) {
    return base::printable(base::one_line(text));
}

std::vector<std::string> diagnostic_lines(const std::vector<std::string>& diagnostics) {
    std::vector<std::string> lines;
    for (std::string_view diagnostic : diagnostics) {
        diagnostic.remove_suffix(diagnostic.ends_with('\n') ? 1 : 0);
        for (const std::string_view line : base::split(diagnostic, '\n')) {
            lines.push_back(base::printable(line));
        }
    }
    return lines;
}

std::string clip(std::string_view text, std::size_t columns, std::size_t bytes) {
    constexpr std::string_view ellipsis = "...";
    const std::string_view whole = start_of(text, columns, bytes);
    if (whole.size() == text.size()) {
        return std::string(text);
    }
    if (columns <= ellipsis.size() || bytes <= ellipsis.size()) {
        return std::string(whole);
    }
    const std::string_view kept = start_of(text, columns - ellipsis.size(), bytes - ellipsis.size());
    return std::string(base::trim(kept)) + std::string(ellipsis);
}

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string quantity(std::optional<double> value, std::string_view unit) {
    if (!value || !std::isfinite(*value)) {
        return "unknown";
    }
    const std::string number = base::to_text(*value);
    return unit.empty() ? number : fmt::format("{} {}", number, unit);
}

std::string duration(double seconds) {
    // Beyond a century the exact figure helps nobody, and the conversion below stays defined.
    const double bounded = std::isfinite(seconds) ? std::min(std::max(seconds, 0.0), 3.2e9) : 3.2e9;
    const auto whole = static_cast<std::int64_t>(std::llround(bounded));
    constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units = {
        {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
    for (std::size_t i = 0; i + 1 < units.size(); ++i) {
        const auto [size, unit] = units[i];
        if (whole < size) {
            continue;
        }
        const auto [next_size, next_unit] = units[i + 1];
        const std::int64_t rest = whole % size / next_size;
        const std::string major = fmt::format("{} {}", whole / size, unit);
        return rest == 0 ? major : fmt::format("{} {} {}", major, rest, next_unit);
    }
    return fmt::format("{} s", whole);
}

std::optional<std::string> rfc3339(double seconds_since_epoch) {
    constexpr double end_of_year_9999 = 253402300800.0;
    if (!(seconds_since_epoch > 0 && seconds_since_epoch < end_of_year_9999)) {
        return std::nullopt;
    }
    using namespace std::chrono;
    const sys_seconds moment{seconds{static_cast<std::int64_t>(seconds_since_epoch)}};
    const auto day = floor<days>(moment);
    const year_month_day date{day};
    const hh_mm_ss time{moment - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string origin_text(const std::string& host, const std::string& kernel, double time) {
    std::vector<std::string> parts;
    if (!host.empty()) {
        parts.push_back(host);
    }
    if (!kernel.empty()) {
        parts.push_back("Linux " + kernel);
    }
    if (const auto when = rfc3339(time)) {
        parts.push_back(*when);
    }
    return base::join(parts, ", ");
}

std::string local_of(const facts::Destination& destination) {
    return destination.local ? safe_line(*destination.local) : "unknown";
}

std::string remote_of(const facts::Destination& destination) {
    const std::string address = safe_line(destination.remote);
    const std::string end = address.find(':') == std::string::npos
                                ? fmt::format("{}:{}", address, destination.remote_port)
                                : fmt::format("[{}]:{}", address, destination.remote_port);
    return destination.device == 0 ? end : fmt::format("{}, device {}", end, destination.device);
}

std::optional<std::uint64_t> sum(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
    return a && b ? std::optional(*a + *b) : std::nullopt;
}

std::uint64_t at_least(const facts::StateCount& state) {
    return state.ipv4.value_or(0) + state.ipv6.value_or(0) + state.named;
}

bool is_lower_bound(const facts::NetnsStates& netns) {
    return netns.unknown && netns.unknown->why == base::Why::truncated && netns.counted();
}

std::string extent_of(const facts::NetnsStates& netns) {
    return fmt::format("{}: {}",
                       is_lower_bound(netns) ? "At least so many, and nobody knows how many more"
                                             : "The counts are unknown, not zero",
                       base::to_text(*netns.unknown));
}

std::optional<std::uint64_t> count_of_state(const std::vector<facts::StateCount>& states,
                                            std::string_view name) {
    for (const facts::StateCount& state : states) {
        if (state.name == name) {
            return sum(state.ipv4, state.ipv6);
        }
    }
    return std::nullopt;
}

std::vector<facts::StateCount> known_states(const facts::NetnsStates& netns) {
    std::vector<facts::StateCount> states = netns.states;
    if (netns.unknown) {
        for (facts::StateCount& state : states) {
            state.ipv4.reset();
            state.ipv6.reset();
        }
    }
    return states;
}

std::vector<facts::StateCount> sum_states(const std::vector<facts::NetnsStates>& namespaces) {
    std::vector<facts::StateCount> total;
    for (const facts::NetnsStates& netns : namespaces) {
        for (const facts::StateCount& count : known_states(netns)) {
            const auto known = std::find_if(total.begin(), total.end(),
                                            [&](const facts::StateCount& c) { return c.name == count.name; });
            if (known == total.end()) {
                total.push_back(count);
            } else {
                known->ipv4 = sum(known->ipv4, count.ipv4);
                known->ipv6 = sum(known->ipv6, count.ipv6);
            }
        }
    }
    return total;
}

facts::Sockstat sum_sockstat(const std::vector<facts::NetnsStates>& namespaces) {
    if (namespaces.empty()) {
        return {};
    }
    facts::Sockstat total = namespaces.front().sockstat;
    for (std::size_t i = 1; i < namespaces.size(); ++i) {
        const facts::Sockstat& part = namespaces[i].sockstat;
        total.in_use = sum(total.in_use, part.in_use);
        total.in_use6 = sum(total.in_use6, part.in_use6);
        total.time_wait = sum(total.time_wait, part.time_wait);
    }
    return total;
}

std::vector<base::Gap> gaps_of(const facts::NetnsStates& netns) {
    std::vector<base::Gap> gaps = netns.gaps;
    if (netns.unknown) {
        gaps.insert(gaps.begin(), *netns.unknown);
        return gaps;
    }
    for (const facts::StateCount& state : netns.states) {
        const bool named = std::any_of(gaps.begin(), gaps.end(), [&](const base::Gap& gap) {
            return gap.what.find(state.name) != std::string::npos ||
                   (state.ipv4 && gap.what.find("IPv6") != std::string::npos);
        });
        if ((!state.ipv4 || !state.ipv6) && !named) {
            gaps.push_back({std::string(state.name), base::Why::not_collected, ""});
        }
    }
    return gaps;
}

std::string reserving(const facts::PortAnswer& answer, std::string_view ports) {
    const std::string command = fmt::format("sysctl -w net.ipv4.ip_local_reserved_ports=\"{}\"", ports);
    return answer.on_node ? findings::from_node(answer.id, command)
                          : findings::acting_in(answer.netns_path, command);
}

} // namespace render
