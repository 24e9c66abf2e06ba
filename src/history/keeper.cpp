#include "history/keeper.h"

#include <algorithm>

namespace history {
namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr double patience = 0.5; // seconds
constexpr double forgotten = 2 * 86400;
constexpr double abandoned = 3600;
constexpr std::string_view prefix = "netns-";

std::string file_of(const Key& key) {
    std::string name = std::string(prefix) + key.space;
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

void apply(const Update& update, State& state) {
    snapshot::add(state.space, update.sample);
    if (!state.space.waiting || state.space.waiting->uptime <= update.waiting.uptime) {
        state.space.waiting = update.waiting;
    }
    findings::update(state.memory, update.alerts);
}

} // namespace

base::Result<Keeper, base::Gap> Keeper::open(std::span<const Candidate> candidates) {
    base::Gap why{"a directory for the history", base::Why::absent, ""};
    for (const Candidate& candidate : candidates) {
        auto directory = base::PrivateDirectory::open(candidate.path, candidate.create);
        if (directory) {
            return Keeper(std::move(*directory));
        }
        why = directory.error();
    }
    return why;
}

base::Result<State, base::Gap> Keeper::load(const Key& key) const {
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

base::Status Keeper::save(std::span<const Update> updates) {
    if (const base::Status locked = directory_.lock(patience); !locked) {
        return locked;
    }
    for (const Update& update : updates) {
        auto kept = load(update.key);
        State state = kept ? std::move(*kept) : State();
        apply(update, state);
        if (const base::Status written = directory_.replace(file_of(update.key), encode(update.key, state));
            !written) {
            return written;
        }
    }
    directory_.prune(".", abandoned);
    directory_.prune(prefix, forgotten);
    return base::Nothing{};
}

} // namespace history
