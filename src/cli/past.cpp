#include "cli/past.h"

#include "base/text.h"
#include "model/growth.h"

#include <cstdlib>

#include <unistd.h>

#include <fmt/format.h>

namespace cli {
namespace {

using Candidate = history::Keeper::Candidate;
using base::PrivateDirectory;

/// Not from an environment that somebody else may have made for a privileged program.
std::string variable(const char* name) {
    const char* value = ::secure_getenv(name);
    return value != nullptr ? value : "";
}

/// systemd gives a private directory, behind a link where the user is dynamic; of several the first.
std::string directory_of_service() {
    const std::string given = variable("STATE_DIRECTORY");
    const std::string first = given.substr(0, given.find(':'));
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(first.c_str(), nullptr), std::free);
    return real ? real.get() : first;
}

std::vector<Candidate> candidates(const Options& options, bool writes) {
    const auto create = [&](PrivateDirectory::Create how) {
        return writes ? how : PrivateDirectory::Create::no;
    };
    if (options.state_dir) {
        return {{*options.state_dir, create(PrivateDirectory::Create::last)}};
    }
    if (const std::string given = directory_of_service(); given.starts_with('/')) {
        return {{given, create(PrivateDirectory::Create::last)}};
    }
    if (::geteuid() == 0) {
        return {{"/var/lib/tcpadvisor", create(PrivateDirectory::Create::last)}};
    }
    std::vector<Candidate> all;
    if (const std::string states = variable("XDG_STATE_HOME"); states.starts_with('/')) {
        all.push_back({states + "/tcpadvisor", create(PrivateDirectory::Create::with_parents)});
    } else if (const std::string home = variable("HOME"); home.starts_with('/')) {
        all.push_back({home + "/.local/state/tcpadvisor", create(PrivateDirectory::Create::with_parents)});
    }
    all.push_back(
        {fmt::format("/var/tmp/tcpadvisor-{}", ::geteuid()), create(PrivateDirectory::Create::last)});
    return all;
}

/// Without a number of its own a namespace has no past.
history::Key key_of(const snapshot::Host& host, const snapshot::Namespace& space) {
    if (!space.cookie && space.id == 0) {
        return {host.boot_id, ""};
    }
    return {host.boot_id,
            space.cookie ? fmt::format("cookie {}", *space.cookie) : fmt::format("inode {}", space.id)};
}

/// A replay knows nothing of this machine's past, unless it is told where one is.
bool wants_history(const Options& options) {
    return !options.no_state && (!options.replay || options.state_dir);
}

} // namespace

Past::Past(const Options& options, const snapshot::Host& host) : time_(host.time) {
    history_.uptime = host.uptime.value_or(0);
    keeps_time_ = host.uptime && !host.boot_id.empty();
    if (!wants_history(options)) {
        history_.unusable_because = options.no_state ? "--no-state" : "a replay has none";
        return;
    }
    if (!keeps_time_) {
        give_up("nothing is known of the boot: /proc/uptime or boot_id cannot be read");
        return;
    }
    writes_ = options.command == Command::check && options.assume.empty();
    auto keeper = history::Keeper::open(candidates(options, writes_));
    if (!keeper) {
        if (writes_ || keeper.error().why != base::Why::absent) {
            give_up(base::complaint(keeper.error()));
        }
        return;
    }
    keeper_.emplace(std::move(*keeper));
    for (const snapshot::Namespace& space : host.namespaces) {
        keys_.push_back(key_of(host, space));
    }
    load();
    if (const base::Status writable = keeper_->writable(); writes_ && !writable) {
        writes_ = false;
        remarks_.push_back("this run is not kept: " + writable.error().what);
    }
}

void Past::load() {
    for (const history::Key& key : keys_) {
        auto state = key.space.empty() ? base::Result<history::State, base::Gap>(history::State())
                                       : keeper_->load(key);
        if (!state && state.error().why != base::Why::absent) {
            remarks_.push_back("earlier runs are not used: " + base::complaint(state.error()));
        }
        history::State known = state ? std::move(*state) : history::State();
        history_.spaces.push_back(std::move(known.space));
        memories_.push_back(std::move(known.memory));
    }
}

void Past::give_up(const std::string& why) {
    writes_ = false;
    history_.unusable_because = "no history: " + why;
    remarks_.push_back(history_.unusable_because);
}

void Past::prove_ages(snapshot::Host& host) const {
    for (std::size_t i = 0; i < history_.spaces.size(); ++i) {
        if (const auto& waiting = history_.spaces[i].waiting) {
            host.namespaces[i].sockets.prove_ages(*waiting, history_.uptime);
        }
    }
}

rules::Recall* Past::recall() {
    if (!keeper_) {
        return nullptr;
    }
    const bool first = !recall_;
    recall_.emplace(memories_, history_.uptime, time_,
                    writes_ && first ? rules::Remembers::yes : rules::Remembers::no);
    return &*recall_;
}

bool Past::keep(const snapshot::Host& host, const facts::Facts& facts) {
    if (!writes_ || !recall_) {
        return true;
    }
    std::vector<history::Update> updates;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        const snapshot::Namespace& space = host.namespaces[i];
        if (keys_[i].space.empty()) {
            continue;
        }
        updates.push_back({keys_[i], model::sample_of(space, facts.namespaces[i], history_.uptime),
                           space.sockets.waiting(history_.uptime), recall_->updates()[i]});
        updates.back().waiting.complete &= !space.lost_sockets.has_value();
    }
    const base::Status saved = keeper_->save(updates);
    if (!saved) {
        writes_ = false;
        remarks_.push_back("this run is not kept: " + saved.error().what);
    }
    return saved.has_value();
}

} // namespace cli
