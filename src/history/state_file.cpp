#include "history/state_file.h"

#include "base/number.h"
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace history {

namespace {

using snapshot::Counter;
using snapshot::WaitingSockets;

// 1: samples, levels, sockets in CLOSE_WAIT, alerts, rules that were judged
// 2: alerts with the run in which they last held
// 3: counters by name
constexpr std::string_view header = "tcpadvisor history 3";
constexpr std::size_t most_samples = 256;
constexpr std::size_t most_items = 65536;

template <typename Visitor>
void for_each_kept(Visitor&& visit) {
    Counter::for_each([&](Counter counter) {
        if (counter.is_kept()) {
            visit(counter);
        }
    });
}

void put_names_of_counters(std::string& out) {
    out += "counters";
    for_each_kept([&](Counter counter) { out.append(" ").append(counter.key()); });
    out += '\n';
}

void put_sample(std::string& out, const Sample& sample) {
    out += fmt::format("sample {:.2f} {}", sample.uptime, sample.unlisted_most);
    for_each_kept([&](Counter counter) {
        const auto& value = sample.counters[counter];
        out += value ? fmt::format(" {}", *value) : " -";
    });
    out += '\n';
    for (const Level& level : sample.levels) {
        out += fmt::format("level {:x} {}\n", level.key, level.count);
    }
}

void put_waiting(std::string& out, const WaitingSockets& waiting) {
    out += fmt::format("close_wait {:.2f} {}\n", waiting.uptime, waiting.complete ? "all" : "some");
    for (const snapshot::WaitingSocket& socket : waiting.sockets) {
        out += fmt::format("socket {:x} {:.2f}\n", socket.cookie, socket.first_seen);
    }
}

void put_alert(std::string& out, const Remembered& entry) {
    out += fmt::format("alert {:x} {:x} {} {:.2f} {:.2f} {} {:.2f} {:.2f}\n", entry.rule, entry.subject,
                       findings::name(entry.state), entry.since, entry.seen, entry.runs, entry.counted,
                       entry.held);
}

void put_judged(std::string& out, const Memory::JudgedRule& rule) {
    out += fmt::format("judged {:x} {:.2f} {:.2f}\n", rule.rule, rule.since, rule.seen);
}

std::optional<std::uint64_t> parse_key(std::string_view word) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
    return error == std::errc() && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
}

/// Seconds since the boot.
std::optional<double> parse_moment(std::string_view word) {
    const auto value = base::parse_decimal(word);
    return value && *value >= 0 && *value < 1e10 ? value : std::nullopt;
}

std::optional<std::uint32_t> parse_count(std::string_view word) {
    const auto value = base::parse_unsigned(word);
    return value && *value <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

std::optional<findings::State> parse_state(std::string_view word) {
    using findings::State;
    for (const State state : {State::ok, State::info, State::unknown, State::warning, State::critical}) {
        if (findings::name(state) == word) {
            return state;
        }
    }
    return std::nullopt;
}

using Fields = std::vector<std::string_view>;

class StateReader {
  public:
    /// False if the line makes no sense where it stands.
    bool read(std::string_view line) {
        const Fields words = base::words(line);
        if (words.empty() || ++items_ > most_items) {
            return false;
        }
        const std::string_view kind = words.front();
        return kind == "counters"     ? counters(words)
               : kind == "sample"     ? sample(words)
               : kind == "level"      ? level(words)
               : kind == "close_wait" ? close_wait(words)
               : kind == "socket"     ? socket(words)
               : kind == "alert"      ? alert(words)
               : kind == "judged"     ? judged(words)
                                      : false;
    }

    SavedState take() { return std::move(state_); }

  private:
    /// Whoever wrote the file may have known other counters: those are passed over.
    bool counters(const Fields& words) {
        if (!columns_.empty() || !state_.netns.samples.empty()) {
            return false;
        }
        Fields names(words.begin() + 1, words.end());
        for (const std::string_view name : names) {
            columns_.push_back(Counter::find(name));
        }
        std::sort(names.begin(), names.end());
        return std::adjacent_find(names.begin(), names.end()) == names.end();
    }

    bool sample(const Fields& words) {
        auto& samples = state_.netns.samples;
        if (words.size() != 3 + columns_.size() || samples.size() >= most_samples) {
            return false;
        }
        const auto uptime = parse_moment(words[1]);
        const auto most = parse_count(words[2]);
        if (!uptime || !most || (!samples.empty() && *uptime <= samples.back().uptime)) {
            return false;
        }
        Sample read;
        read.uptime = *uptime;
        read.unlisted_most = *most;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const auto value = base::parse_unsigned(words[3 + i]);
            if (!value && words[3 + i] != "-") {
                return false;
            }
            if (columns_[i]) {
                read.counters[*columns_[i]] = value;
            }
        }
        samples.push_back(std::move(read));
        return true;
    }

    bool level(const Fields& words) {
        const auto key = words.size() == 3 ? parse_key(words[1]) : std::nullopt;
        const auto count = words.size() == 3 ? parse_count(words[2]) : std::nullopt;
        if (!key || !count || state_.netns.samples.empty()) {
            return false;
        }
        state_.netns.samples.back().levels.push_back({*key, *count});
        return true;
    }

    bool close_wait(const Fields& words) {
        const auto uptime = words.size() == 3 ? parse_moment(words[1]) : std::nullopt;
        if (!uptime || state_.netns.waiting || (words[2] != "all" && words[2] != "some")) {
            return false;
        }
        state_.netns.waiting = WaitingSockets{*uptime, words[2] == "all", {}};
        return true;
    }

    bool socket(const Fields& words) {
        const auto cookie = words.size() == 3 ? parse_key(words[1]) : std::nullopt;
        const auto first_seen = words.size() == 3 ? parse_moment(words[2]) : std::nullopt;
        if (!cookie || !first_seen || !state_.netns.waiting) {
            return false;
        }
        auto& sockets = state_.netns.waiting->sockets;
        if (!sockets.empty() && *cookie <= sockets.back().cookie) {
            return false;
        }
        sockets.push_back({*cookie, *first_seen});
        return true;
    }

    bool judged(const Fields& words) {
        if (words.size() != 4) {
            return false;
        }
        const auto rule = parse_key(words[1]);
        const auto since = parse_moment(words[2]);
        const auto seen = parse_moment(words[3]);
        if (!rule || !since || !seen || *since > *seen) {
            return false;
        }
        state_.memory.judged.push_back({*rule, *since, *seen});
        return true;
    }

    bool alert(const Fields& words) {
        if (words.size() != 9) {
            return false;
        }
        const auto rule = parse_key(words[1]);
        const auto subject = parse_key(words[2]);
        const auto state = parse_state(words[3]);
        const auto since = parse_moment(words[4]);
        const auto seen = parse_moment(words[5]);
        const auto runs = parse_count(words[6]);
        const auto counted = parse_moment(words[7]);
        const auto held = parse_moment(words[8]);
        if (!rule || !subject || !state || !since || !seen || !runs || !counted || !held || *since > *seen ||
            *counted > *seen || *held > *seen) {
            return false;
        }
        state_.memory.entries.push_back({*rule, *subject, *state, *since, *seen, *runs, *counted, *held});
        return true;
    }

    SavedState state_;
    std::vector<std::optional<Counter>> columns_; // the counters of a sample, in order; none: not known here
    std::size_t items_ = 0;
};

std::string last_line(std::string_view body) {
    return fmt::format("end {:x}\n", base::fingerprint(body));
}

std::string first_lines(const StateKey& key) {
    return fmt::format("{}\nboot {}\nnamespace {}\n", header, key.boot_id, key.netns);
}

} // namespace

std::string encode(const StateKey& key, const SavedState& state) {
    std::string out = first_lines(key);
    put_names_of_counters(out);
    for (const Sample& sample : state.netns.samples) {
        put_sample(out, sample);
    }
    if (state.netns.waiting) {
        put_waiting(out, *state.netns.waiting);
    }
    for (const Remembered& entry : state.memory.entries) {
        put_alert(out, entry);
    }
    for (const Memory::JudgedRule& rule : state.memory.judged) {
        put_judged(out, rule);
    }
    return out + last_line(out);
}

base::Result<SavedState> decode(const StateKey& key, std::string_view text) {
    if (!text.starts_with(header) || text.substr(header.size(), 1) != "\n") {
        return base::Error{text.starts_with("tcpadvisor history ") ? "is of another version"
                                                                   : "is no history"};
    }
    const std::size_t end = text.rfind("end ");
    if (end == std::string_view::npos || text.substr(end) != last_line(text.substr(0, end))) {
        return base::Error{"is cut or damaged"};
    }
    const std::string expected = first_lines(key);
    const std::string_view body = text.substr(0, end);
    if (!body.starts_with(expected)) {
        const bool same_boot = body.substr(header.size() + 1).starts_with("boot " + key.boot_id + "\n");
        return base::Error{same_boot ? "is of another network namespace" : "is of another boot"};
    }
    StateReader reader;
    for (const std::string_view line : base::split(body.substr(expected.size()), '\n')) {
        if (!line.empty() && !reader.read(line)) {
            return base::Error{"makes no sense"};
        }
    }
    return reader.take();
}

namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr double forgotten = 2 * 86400;
constexpr double abandoned = 3600;
constexpr std::string_view prefix = "netns-";

std::string file_of(const StateKey& key) {
    std::string name = std::string(prefix) + key.netns;
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

void apply(const Update& left, SavedState& state) {
    add(state.netns, left.sample);
    if (!state.netns.waiting || state.netns.waiting->uptime <= left.waiting.uptime) {
        state.netns.waiting = left.waiting;
    }
    update(state.memory, left.alerts);
}

} // namespace

base::Result<Keeper, base::Gap> Keeper::open(std::span<const Candidate> candidates) {
    base::Gap why{"a directory for the history", base::Why::absent, ""};
    for (const Candidate& candidate : candidates) {
        auto directory = base::PrivateDirectory::open(candidate.path, candidate.create, candidate.links);
        if (directory) {
            return Keeper(std::move(*directory));
        }
        why = directory.error();
    }
    return why;
}

base::Result<SavedState, base::Gap> Keeper::load(const StateKey& key) const {
    const std::string name = file_of(key);
    const auto text = directory_.read(name, largest_file);
    if (!text) {
        return text.error();
    }
    auto state = decode(key, *text);
    if (!state) {
        return base::Gap{directory_.path() + "/" + name, base::Why::failed, state.error().what};
    }
    return std::move(*state);
}

std::optional<double> Keeper::last_kept(const StateKey& key) const {
    return directory_.changed(file_of(key));
}

base::Status Keeper::save(std::span<const Update> updates, double patience) {
    if (base::Status locked = directory_.lock(patience); !locked) {
        return locked;
    }
    for (const Update& update : updates) {
        auto kept = load(update.key);
        SavedState state = kept ? std::move(*kept) : SavedState();
        apply(update, state);
        if (base::Status written = directory_.replace(file_of(update.key), encode(update.key, state));
            !written) {
            return written;
        }
    }
    directory_.prune("." + std::string(prefix), abandoned); // of runs that were killed
    directory_.prune(prefix, forgotten);
    return base::Nothing{};
}

} // namespace history
